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
  std::map<std::string, int64_t> counts;
  std::vector<std::string> canonical;
  for (int32_t id = 0; id < static_cast<int32_t>(labels_.size()); ++id) {
    canonical.push_back(CanonicalLabel(std::string(labels_.value(id))));
    counts[canonical.back()] += labels_.count(id);
  }
  std::vector<std::string> order;
  for (const auto& [label, rows] : counts) order.push_back(label);
  std::sort(order.begin(), order.end(), LabelLess);
  const auto refuse = [this](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat("target ", Quoted(name_), what));
  };
  if (order.size() == 1) {
    return refuse(absl::StrCat(" has one class only: ", ListLabels(counts)));
  }
  std::map<std::string, int> class_of_label;
  TargetProfile target;
  target.name = name_;
  target.kind = kind_;
  if (kind_ == TargetKind::kMulticlass) {
    target.classes = order;
    for (size_t i = 0; i < order.size(); ++i) class_of_label[order[i]] = static_cast<int>(i);
  } else {
    std::vector<std::string> positive;
    for (const std::string& text : positive_) positive.push_back(CanonicalLabel(text));
    if (positive.empty()) {
      if (order.size() > 2) {
        return refuse(absl::StrCat(" is binary, but has ", order.size(),
                                   " values: ", ListLabels(counts),
                                   "; say which are positive, or kind: multiclass"));
      }
      positive = {order[1]};
    }
    // A class is called after its first name: of `positive`, and of the most frequent other label.
    target.classes = {"", positive[0]};
    int64_t most = 0;
    for (const std::string& label : order) {
      const bool is_positive = std::find(positive.begin(), positive.end(), label) != positive.end();
      class_of_label[label] = is_positive;
      if (!is_positive && counts[label] > most) {
        most = counts[label];
        target.classes[0] = label;
      }
    }
  }
  target.class_counts.assign(target.classes.size(), 0);
  for (const auto& [label, rows] : counts) target.class_counts[class_of_label[label]] += rows;
  for (size_t i = 0; i < target.class_counts.size(); ++i) {
    if (target.class_counts[i] > 0) continue;
    return refuse(absl::StrCat(" has one class only: no row is ", i == 1 ? "positive" : "negative",
                               "; its values are ", ListLabels(counts)));
  }
  for (const std::string& label : canonical) {
    class_of_.push_back(static_cast<float>(class_of_label[label]));
  }
  return target;
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
