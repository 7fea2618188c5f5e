// What the first rows of a column show.
#ifndef WINNOW_KERNELS_DATA_IMPORT_COLUMN_SAMPLE_H_
#define WINNOW_KERNELS_DATA_IMPORT_COLUMN_SAMPLE_H_

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "kernels/data/import/cell.h"

namespace winnow::data {

class ColumnSample {
 public:
  // Rows come in order.
  void Add(std::span<const Cell> cells);

  int64_t present() const { return present_; }
  bool has_values() const { return present_ > 0; }
  // Every present value is a number (or "nan").
  bool is_numeric() const { return numbers_ > 0 && numbers_ + nans_ == present_; }
  // Numbers, and a few texts by which programs write "no value" ("NULL", "None", "N/A", ...).
  bool is_numeric_but_for_null_texts() const;
  const std::set<std::string>& null_texts() const { return null_texts_; }
  // Texts, no two of them equal.
  bool is_distinct_text() const {
    return numbers_ == 0 && present_ > 0 && static_cast<int64_t>(distinct_.size()) == present_;
  }
  // Whole numbers, each the one before plus 1, none missing.
  bool counts_rows() const { return counts_rows_ && missing_ == 0 && numbers_ == present_; }

 private:
  void AddText(const Cell& cell);
  void AddNumber(double value);

  int64_t present_ = 0, missing_ = 0, numbers_ = 0, nans_ = 0;
  int64_t odd_texts_ = 0;  // neither numbers nor null texts
  std::set<std::string> null_texts_;
  absl::flat_hash_set<uint64_t> distinct_;  // hashes of texts that are no numbers
  bool counts_rows_ = true;
  double last_ = 0;
};

// The values of a target.
class LabelSample {
 public:
  void Add(std::span<const Cell> cells);

  int64_t present() const { return present_; }
  // Distinct canonical labels; more than kMaxLabels are not kept.
  static constexpr size_t kMaxLabels = 1000;
  bool is_overfull() const { return is_overfull_; }
  const std::map<std::string, int64_t>& labels() const { return labels_; }
  bool is_numeric() const { return numbers_ == present_; }
  bool is_whole() const { return is_numeric() && is_whole_; }

 private:
  int64_t present_ = 0, numbers_ = 0;
  bool is_whole_ = true, is_overfull_ = false;
  std::map<std::string, int64_t> labels_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_COLUMN_SAMPLE_H_
