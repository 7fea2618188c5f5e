// The target: float32, a class index or a value. Classes get their final order when all rows have
// been seen.
#ifndef WINNOW_KERNELS_DATA_IMPORT_TARGET_ENCODER_H_
#define WINNOW_KERNELS_DATA_IMPORT_TARGET_ENCODER_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/encoder.h"

namespace winnow::data {

// The label as it is compared: numbers in their shortest form, so that 1 and 1.0 are one class.
std::string CanonicalLabel(const Cell& cell);
std::string CanonicalLabel(const std::string& text);

// Order of labels: by value when both are numbers, else by bytes.
bool LabelLess(const std::string& a, const std::string& b);

class TargetEncoder : public Encoder {
 public:
  TargetEncoder(std::string name, TargetKind kind, std::vector<std::string> positive)
      : name_(std::move(name)), kind_(kind), positive_(std::move(positive)), labels_(&budget_) {}

  // Whether a row has a target; the others are dropped.
  bool IsPresent(const Cell& cell) const;
  // REQUIRES: IsPresent of every cell. Class targets get provisional indices.
  absl::Status Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) override;

  // After the last row: names, counts or moments. INVALID_ARGUMENT for a single class, for a binary
  // target of more than two labels without `positive`, for a constant regression target.
  absl::StatusOr<TargetProfile> Finish();
  // Final class index of a provisional one; empty for regression. Valid after Finish.
  const std::vector<float>& class_of() const { return class_of_; }

 private:
  absl::StatusOr<TargetProfile> FinishClasses();
  absl::StatusOr<TargetProfile> FinishRegression() const;
  using LabelCounts = std::map<std::string, int64_t>;  // by canonical label
  // Class 0 or 1 of every label, and the names of the two.
  absl::StatusOr<std::map<std::string, int>> DivideInTwo(const LabelCounts& counts,
                                                         std::vector<std::string>* classes) const;
  absl::Status Refuse(const std::string& what) const;

  std::string name_;
  TargetKind kind_;
  std::vector<std::string> positive_;
  DictionaryBudget budget_{64 << 20, 0};
  ValueDictionary labels_;  // as they stand in the file
  std::vector<float> class_of_;
  NumericEncoder numbers_{Transform::kNone};
  int64_t rows_ = 0;
  std::string buffer_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_TARGET_ENCODER_H_
