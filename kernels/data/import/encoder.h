// Cells to fields of packed records, with what the profile needs to know of every column.
#ifndef WINNOW_KERNELS_DATA_IMPORT_ENCODER_H_
#define WINNOW_KERNELS_DATA_IMPORT_ENCODER_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/data/dictionary.h"
#include "kernels/data/import/cell.h"
#include "kernels/data/import/value_dictionary.h"

namespace winnow::data {

// One field of the records of a block: element i stands at base + i * stride.
struct FieldBlock {
  char* base = nullptr;
  int64_t stride = 0;
  char* at(size_t i) const { return base + static_cast<int64_t>(i) * stride; }
};

// THREAD-SAFETY: one thread at a time; rows come in order.
class Encoder {
 public:
  virtual ~Encoder() = default;
  // Writes the field of cells.size() records. On error, *bad is the position of the cell and the
  // message says what was found and what was expected.
  virtual absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field,
                              size_t* bad) = 0;
};

// float32; NaN = missing; stateless transforms applied.
class NumericEncoder : public Encoder {
 public:
  explicit NumericEncoder(Transform transform) : transform_(transform) {}
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;

  int64_t missing() const { return missing_; }
  bool counts_rows() const { return counts_rows_ && present_ > 1; }
  // Fills in mean, stddev, min, max and missing.
  void Describe(ColumnProfile* column) const;

 private:
  void Note(double raw, float stored);

  Transform transform_;
  int64_t present_ = 0, missing_ = 0;
  double base_ = 0, sum_ = 0, squares_ = 0;  // sums of x - base_, as in the fit of training rows
  double min_ = 0, max_ = 0;
  bool counts_rows_ = true;  // every value is the one before plus 1
  double last_ = 0;
};

// int32 code of a value: its number in the order of arrival, from 1, until the dictionary is
// complete; 0 = missing.
class DictionaryEncoder : public Encoder {
 public:
  explicit DictionaryEncoder(DictionaryBudget* budget) : values_(budget) {}
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;

  int64_t missing() const { return missing_; }
  const ValueDictionary& values() const { return values_; }

 private:
  ValueDictionary values_;
  int64_t missing_ = 0;
  std::vector<std::string> buffers_;  // texts of numbers, one a lane
};

// int32 code of a hashed value; 0 = missing.
class HashEncoder : public Encoder {
 public:
  // `tracked` is the number of distinct values that hashed columns may still remember to count
  // collisions; shared.
  HashEncoder(int64_t buckets, int64_t* tracked) : buckets_(buckets), tracked_(tracked) {}
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;

  int64_t missing() const { return missing_; }
  int64_t distinct() const { return static_cast<int64_t>(seen_.size()); }
  // Distinct values that share a bucket with an earlier one; a lower bound when is_exact is false.
  int64_t Collisions() const;
  bool is_exact() const { return is_exact_; }

 private:
  int64_t buckets_;
  int64_t* tracked_;
  absl::flat_hash_set<uint64_t> seen_;
  bool is_exact_ = true;
  int64_t missing_ = 0;
  std::string buffer_;
};

// float32 weight, finite and >= 0, never missing.
class WeightEncoder : public Encoder {
 public:
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;
};

// int32 id of a value in the order of arrival, from 0; missing is a value of its own.
class IdEncoder : public Encoder {
 public:
  IdEncoder(DictionaryBudget* budget, int64_t max_values)
      : values_(budget), max_values_(max_values) {}
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;
  const ValueDictionary& values() const { return values_; }

 private:
  ValueDictionary values_;
  int64_t max_values_;
  std::string buffer_;
};

// float64: numbers as they are; dates and times (2017-11-06, 2017-11-06 16:00:00,
// 2017-11-06T16:00:00Z) as seconds.
class TimeEncoder : public Encoder {
 public:
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_ENCODER_H_
