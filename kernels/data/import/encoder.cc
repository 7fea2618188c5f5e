#include "kernels/data/import/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "arrow/util/utf8.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

template <typename T>
void Put(const FieldBlock& field, size_t i, T value) {
  std::memcpy(field.at(i), &value, sizeof(value));
}

absl::Status Expected(const char* what, const Cell& cell) {
  return absl::InvalidArgumentError(absl::StrCat("expected ", what, ", found ", Quoted(cell)));
}

// The number of a cell; kNan for missing ones.
ParseResult NumberOf(const Cell& cell, double* value) {
  switch (cell.kind) {
    case Cell::Kind::kMissing:
      return ParseResult::kNan;
    case Cell::Kind::kInteger:
      *value = static_cast<double>(cell.integer);
      return ParseResult::kOk;
    case Cell::Kind::kNumber:
      *value = cell.number;
      if (std::isnan(cell.number)) return ParseResult::kNan;
      return std::isinf(cell.number) ? ParseResult::kTooLarge : ParseResult::kOk;
    case Cell::Kind::kText:
      return ParseNumber(cell.text(), value);
  }
  return ParseResult::kNotANumber;
}

double ApplyStateless(Transform transform, double x) {
  switch (transform) {
    case Transform::kLog1p:
      return std::copysign(std::log1p(std::fabs(x)), x);
    case Transform::kCriteoLog2: {
      if (x <= 2) return x - 2;
      const double log = std::log(x);
      return log * log;
    }
    case Transform::kNone:
    case Transform::kStandardize:
    case Transform::kMinMax:
    case Transform::kQuantile:
      return x;
  }
  return x;
}

}  // namespace

absl::Status NumericEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                    size_t* bad) {
  for (size_t i = 0; i < cells.size(); ++i) {
    double value = 0;
    const ParseResult result = NumberOf(cells[i], &value);
    if (result == ParseResult::kNan) {
      ++missing_;
      Put(field, i, std::numeric_limits<float>::quiet_NaN());
      continue;
    }
    if (result == ParseResult::kNotANumber) {
      *bad = i;
      return Expected("a number", cells[i]);
    }
    const auto stored = static_cast<float>(ApplyStateless(transform_, value));
    if (result == ParseResult::kTooLarge || !std::isfinite(stored)) {
      *bad = i;
      return Expected("a finite number of at most 3.4e38", cells[i]);
    }
    Note(value, stored);
    Put(field, i, stored);
  }
  return absl::OkStatus();
}

void NumericEncoder::Note(double raw, float stored) {
  const double x = stored;
  if (present_ == 0) {
    base_ = min_ = max_ = x;
  } else if (raw != last_ + 1) {
    counts_rows_ = false;
  }
  last_ = raw;
  ++present_;
  const double d = x - base_;
  sum_ += d;
  squares_ += d * d;
  min_ = std::min(min_, x);
  max_ = std::max(max_, x);
}

void NumericEncoder::Describe(ColumnProfile* column) const {
  column->missing = missing_;
  if (present_ == 0) return;
  const double n = static_cast<double>(present_);
  const double mean = sum_ / n;
  column->mean = base_ + mean;
  column->stddev = std::sqrt(std::max(0.0, squares_ / n - mean * mean));
  column->min = min_;
  column->max = max_;
}

absl::Status DictionaryEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                       size_t* bad) {
  constexpr size_t kLanes = ValueDictionary::kLanes;
  std::string_view texts[kLanes];
  size_t positions[kLanes];
  int32_t ids[kLanes];
  size_t lanes = 0;
  const auto flush = [&]() -> absl::Status {
    size_t bad_lane = 0;
    const absl::Status status =
        values_.CountAll(std::span<const std::string_view>(texts, lanes), ids, &bad_lane);
    if (!status.ok()) {
      *bad = positions[bad_lane];
      return status;
    }
    for (size_t lane = 0; lane < lanes; ++lane) Put(field, positions[lane], ids[lane] + 1);
    lanes = 0;
    return absl::OkStatus();
  };
  buffers_.resize(kLanes);
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].is_missing()) {
      ++missing_;
      Put(field, i, int32_t{0});
      continue;
    }
    positions[lanes] = i;
    texts[lanes] = CellText(cells[i], &buffers_[lanes]);
    if (++lanes == kLanes) RETURN_IF_ERROR(flush());
  }
  return flush();
}

absl::Status HashEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                 size_t* bad) {
  for (size_t i = 0; i < cells.size(); ++i) {
    if (cells[i].is_missing()) {
      ++missing_;
      Put(field, i, int32_t{0});
      continue;
    }
    const std::string_view text = CellText(cells[i], &buffer_);
    const uint64_t hash = HashValue(text);
    const bool is_known = seen_.contains(hash);
    if (!is_known && !arrow::util::ValidateUTF8(text)) {
      *bad = i;
      return absl::InvalidArgumentError("text that is not valid UTF-8; save the file as UTF-8");
    }
    if (!is_known) {
      is_exact_ &= *tracked_ > 0;
      if (*tracked_ > 0) {
        --*tracked_;
        seen_.insert(hash);
      }
    }
    Put(field, i, static_cast<int32_t>(1 + hash % static_cast<uint64_t>(buckets_)));
  }
  return absl::OkStatus();
}

int64_t HashEncoder::Collisions() const {
  std::vector<uint64_t> buckets;
  buckets.reserve(seen_.size());
  for (const uint64_t hash : seen_) buckets.push_back(hash % static_cast<uint64_t>(buckets_));
  std::sort(buckets.begin(), buckets.end());
  const auto occupied = std::unique(buckets.begin(), buckets.end()) - buckets.begin();
  return static_cast<int64_t>(buckets.size()) - static_cast<int64_t>(occupied);
}

absl::Status WeightEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                   size_t* bad) {
  for (size_t i = 0; i < cells.size(); ++i) {
    double value = 0;
    const ParseResult result = NumberOf(cells[i], &value);
    const auto stored = static_cast<float>(value);
    if (result != ParseResult::kOk || !(stored >= 0) || std::isinf(stored)) {
      *bad = i;
      return Expected("a weight >= 0", cells[i]);
    }
    Put(field, i, stored);
  }
  return absl::OkStatus();
}

absl::Status IdEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field, size_t* bad) {
  for (size_t i = 0; i < cells.size(); ++i) {
    *bad = i;
    ASSIGN_OR_RETURN(const int32_t id, values_.Count(CellText(cells[i], &buffer_)));
    if (values_.size() > max_values_) {
      return absl::InvalidArgumentError(
          absl::StrCat("more than ", max_values_, " distinct values, the last of them ",
                       Quoted(cells[i]), "; a column that names the parts has a few"));
    }
    Put(field, i, id);
  }
  return absl::OkStatus();
}

absl::Status TimeEncoder::Encode(std::span<const Cell> cells, const FieldBlock& field,
                                 size_t* bad) {
  for (size_t i = 0; i < cells.size(); ++i) {
    double value = 0;
    if (NumberOf(cells[i], &value) != ParseResult::kOk) {
      const std::string text =
          cells[i].kind == Cell::Kind::kText ? std::string(cells[i].text()) : "";
      absl::Time time;
      std::string error;
      bool is_time = false;
      for (const char* format : {"%Y-%m-%d%ET%H:%M:%E*S%Ez", "%Y-%m-%d%ET%H:%M:%E*S",
                                 "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d %H:%M", "%Y-%m-%d"}) {
        is_time = is_time || absl::ParseTime(format, text, &time, &error);
      }
      if (!is_time || time == absl::InfiniteFuture() || time == absl::InfinitePast()) {
        *bad = i;
        return Expected("a number, a date or a time", cells[i]);
      }
      value = absl::ToDoubleSeconds(time - absl::UnixEpoch());
    }
    Put(field, i, value);
  }
  return absl::OkStatus();
}

}  // namespace winnow::data
