#include "kernels/data/import/column_sample.h"

#include <cmath>

#include "kernels/data/dictionary.h"
#include "kernels/data/import/target_encoder.h"

namespace winnow::data {
namespace {

bool IsNullText(std::string_view text) {
  static const std::set<std::string_view> known = {"NULL", "Null", "null", "None", "none", "N/A",
                                                   "n/a",  "na",   "#N/A", "NaT",  "-",    "."};
  return known.count(text) != 0;
}

}  // namespace

void ColumnSample::Add(std::span<const Cell> cells) {
  for (const Cell& cell : cells) {
    switch (cell.kind) {
      case Cell::Kind::kMissing:
        ++missing_;
        break;
      case Cell::Kind::kInteger:
        ++present_;
        AddNumber(static_cast<double>(cell.integer));
        break;
      case Cell::Kind::kNumber:
        ++present_;
        AddNumber(cell.number);
        break;
      case Cell::Kind::kText:
        ++present_;
        AddText(cell);
        break;
    }
  }
}

void ColumnSample::AddText(const Cell& cell) {
  double value = 0;
  switch (ParseNumber(cell.text(), &value)) {
    case ParseResult::kOk:
    case ParseResult::kTooLarge:
      return AddNumber(value);
    case ParseResult::kNan:
      ++nans_;
      return;
    case ParseResult::kNotANumber:
      break;
  }
  counts_rows_ = false;
  distinct_.insert(HashValue(cell.text()));
  if (IsNullText(cell.text())) {
    null_texts_.insert(std::string(cell.text()));
  } else {
    ++odd_texts_;
  }
}

void ColumnSample::AddNumber(double value) {
  counts_rows_ &= value == std::trunc(value) && (numbers_ == 0 || value == last_ + 1);
  last_ = value;
  ++numbers_;
}

bool ColumnSample::is_numeric_but_for_null_texts() const {
  return numbers_ > 0 && odd_texts_ == 0 && !null_texts_.empty();
}

void LabelSample::Add(std::span<const Cell> cells) {
  for (const Cell& cell : cells) {
    if (cell.is_missing()) continue;
    ++present_;
    const std::string label = CanonicalLabel(cell);
    double value = 0;
    if (ParseNumber(label, &value) == ParseResult::kOk) {
      ++numbers_;
      is_whole_ &= value == std::trunc(value);
    }
    const auto found = labels_.find(label);
    if (found != labels_.end()) {
      ++found->second;
    } else if (labels_.size() < kMaxLabels) {
      labels_.emplace(label, 1);
    } else {
      is_overfull_ = true;
    }
  }
}

}  // namespace winnow::data
