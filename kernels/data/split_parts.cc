#include "kernels/data/split_parts.h"

#include <algorithm>
#include <utility>

namespace winnow::data {

PartDraw::PartDraw(const RngStream& stream, int64_t rows, std::vector<int64_t> sizes)
    : stream_(stream), rows_(rows), sizes_(std::move(sizes)) {}

size_t PartDraw::Next() {
  auto place = static_cast<int64_t>(stream_.Below(draws_++, static_cast<uint64_t>(rows_--)));
  for (size_t part = 0; part < sizes_.size(); ++part) {
    if (place < sizes_[part]) {
      --sizes_[part];
      return part;
    }
    place -= sizes_[part];
  }
  return sizes_.size();
}

SplitParts::SplitParts(int64_t rows)
    : rows_(rows),
      validation_(static_cast<size_t>((rows + 63) / 64)),
      test_(static_cast<size_t>((rows + 63) / 64)) {}

void SplitParts::Set(int64_t row, Part part) {
  const auto word = static_cast<size_t>(row / 64);
  const uint64_t bit = uint64_t{1} << (row % 64);
  validation_[word] &= ~bit;
  test_[word] &= ~bit;
  if (part == Part::kValidation) validation_[word] |= bit;
  if (part == Part::kTest) test_[word] |= bit;
}

bool SplitParts::trains(int64_t row) const {
  const auto word = static_cast<size_t>(row / 64);
  return ((validation_[word] | test_[word]) >> (row % 64) & 1) == 0;
}

void SplitParts::Take(std::span<const uint32_t> order, int64_t test, int64_t validation) {
  const auto n = static_cast<int64_t>(order.size());
  for (int64_t i = 0; i < std::min(n, test + validation); ++i) {
    Set(order[static_cast<size_t>(i)], i < test ? Part::kTest : Part::kValidation);
  }
}

void SplitParts::Draw(const RngStream& stream, int64_t test, int64_t validation) {
  const RowSet rows(TrainingWords());
  const auto n = static_cast<int64_t>(rows.size());
  test = std::min(test, n);
  PartDraw draw(stream, n, {test, std::min(validation, n - test)});
  constexpr Part kParts[] = {Part::kTest, Part::kValidation, Part::kTrain};
  for (const uint32_t row : rows) Set(row, kParts[draw.Next()]);
}

std::vector<uint64_t> SplitParts::TrainingWords() const {
  std::vector<uint64_t> words(test_.size());
  for (size_t i = 0; i < words.size(); ++i) words[i] = ~(validation_[i] | test_[i]);
  if (rows_ % 64 != 0) words.back() &= ~(~uint64_t{0} << (rows_ % 64));
  return words;
}

std::vector<uint32_t> SplitParts::TrainingRows() const {
  return RowSet(TrainingWords()).ToVector();
}

SplitRows SplitParts::Finish() && {
  SplitRows rows;
  rows.train = RowSet(TrainingWords());
  rows.validation = RowSet(std::move(validation_));
  rows.test = RowSet(std::move(test_));
  return rows;
}

}  // namespace winnow::data
