#include "kernels/data/import/target_encoder.h"

#include <algorithm>
#include <cstring>
#include <map>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr int64_t kMaxClasses = 10000;
constexpr size_t kMaxListed = 8;

// "'a' (10 rows), 'b' (3 rows), ..."
std::string ListLabels(const std::map<std::string, int64_t>& counts) {
  std::string text;
  size_t listed = 0;
  for (const auto& [label, rows] : counts) {
    if (listed++ == kMaxListed) return text + ", ...";
    absl::StrAppend(&text, text.empty() ? "" : ", ", Quoted(label), " (", rows, " rows)");
  }
  return text;
}

std::vector<std::string> InOrder(const std::map<std::string, int64_t>& counts) {
  std::vector<std::string> order;
  for (const auto& [label, rows] : counts) order.push_back(label);
  std::sort(order.begin(), order.end(), LabelLess);
  return order;
}

}  // namespace

std::string CanonicalLabel(const std::string& text) {
  double value = 0;
  return ParseNumber(text, &value) == ParseResult::kOk ? NumberText(value) : text;
}

std::string CanonicalLabel(const Cell& cell) {
  std::string buffer;
  return CanonicalLabel(std::string(CellText(cell, &buffer)));
}

bool LabelLess(const std::string& a, const std::string& b) {
  double x = 0, y = 0;
  const bool are_numbers =
      ParseNumber(a, &x) == ParseResult::kOk && ParseNumber(b, &y) == ParseResult::kOk;
  return are_numbers && x != y ? x < y : a < b;
}

bool TargetEncoder::IsPresent(const Cell& cell) const {
  if (cell.is_missing()) return false;
  if (kind_ != TargetKind::kRegression || cell.kind != Cell::Kind::kText) return true;
  double value = 0;
  return ParseNumber(cell.text(), &value) != ParseResult::kNan;
}

absl::Status TargetEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                   size_t* bad) {
  rows_ += static_cast<int64_t>(cells.size());
  if (kind_ == TargetKind::kRegression) return numbers_.Encode(cells, field, bad);
  for (size_t i = 0; i < cells.size(); ++i) {
    *bad = i;
    ASSIGN_OR_RETURN(const int32_t id, labels_.Count(CellText(cells[i], &buffer_)));
    if (id >= kMaxClasses) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", kMaxClasses, " distinct labels, the last of them ",
                       Quoted(cells[i]), "; a target of numbers needs kind: regression"));
    }
    const auto provisional = static_cast<float>(id);
    std::memcpy(field.at(i), &provisional, sizeof(provisional));
  }
  return absl::OkStatus();
}

absl::StatusOr<TargetProfile> TargetEncoder::Finish() {
  return kind_ == TargetKind::kRegression ? FinishRegression() : FinishClasses();
}

absl::StatusOr<TargetProfile> TargetEncoder::FinishClasses() {
  std::vector<std::string> canonical;  // by provisional index
  LabelCounts counts;
  for (int32_t id = 0; id < static_cast<int32_t>(labels_.size()); ++id) {
    canonical.push_back(CanonicalLabel(std::string(labels_.value(id))));
    counts[canonical.back()] += labels_.count(id);
  }
  if (counts.size() == 1) {
    return Refuse(absl::StrCat(" has one class only: ", ListLabels(counts)));
  }
  TargetProfile target;
  target.name = name_;
  target.kind = kind_;
  std::map<std::string, int> class_of_label;
  if (kind_ == TargetKind::kMulticlass) {
    for (const std::string& label : InOrder(counts)) {
      class_of_label[label] = static_cast<int>(target.classes.size());
      target.classes.push_back(label);
    }
  } else {
    ASSIGN_OR_RETURN(class_of_label, DivideInTwo(counts, &target.classes));
  }
  target.class_counts.assign(target.classes.size(), 0);
  for (const auto& [label, rows] : counts) target.class_counts[class_of_label[label]] += rows;
  for (size_t i = 0; i < target.class_counts.size(); ++i) {
    if (target.class_counts[i] > 0) continue;
    return Refuse(absl::StrCat(" has one class only: no row is ", i == 1 ? "positive" : "negative",
                               "; its values are ", ListLabels(counts)));
  }
  for (const std::string& label : canonical) {
    class_of_.push_back(static_cast<float>(class_of_label[label]));
  }
  return target;
}

absl::StatusOr<std::map<std::string, int>> TargetEncoder::DivideInTwo(
    const LabelCounts& counts, std::vector<std::string>* classes) const {
  std::vector<std::string> positive;
  for (const std::string& text : positive_) positive.push_back(CanonicalLabel(text));
  if (positive.empty()) {
    if (counts.size() > 2) {
      return Refuse(absl::StrCat(" is binary, but has ", counts.size(),
                                 " values: ", ListLabels(counts),
                                 "; say which are positive, or kind: multiclass"));
    }
    positive = {InOrder(counts).back()};
  }
  // A class is called after its first name: of `positive`, and of the most frequent other label.
  *classes = {"", positive[0]};
  std::map<std::string, int> class_of_label;
  int64_t most = 0;
  for (const std::string& label : InOrder(counts)) {
    const bool is_positive = std::find(positive.begin(), positive.end(), label) != positive.end();
    class_of_label[label] = is_positive;
    if (!is_positive && counts.at(label) > most) {
      most = counts.at(label);
      (*classes)[0] = label;
    }
  }
  return class_of_label;
}

absl::Status TargetEncoder::Refuse(const std::string& what) const {
  return absl::InvalidArgumentError(absl::StrCat("target ", Quoted(name_), what));
}

absl::StatusOr<TargetProfile> TargetEncoder::FinishRegression() const {
  ColumnProfile column;
  numbers_.Describe(&column);
  if (column.min == column.max) {
    return absl::InvalidArgumentError(
        absl::StrCat("target ", Quoted(name_), " is ", column.min, " in all ", rows_, " rows"));
  }
  TargetProfile target;
  target.name = name_;
  target.kind = kind_;
  target.mean = column.mean;
  target.stddev = column.stddev;
  target.min = column.min;
  target.max = column.max;
  return target;
}

}  // namespace winnow::data
