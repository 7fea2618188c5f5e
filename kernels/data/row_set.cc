#include "kernels/data/row_set.h"

#include <algorithm>
#include <utility>

namespace winnow::data {
namespace {

constexpr size_t kBlockWords = 8;

}  // namespace

RowSet::RowSet(std::vector<uint64_t> words) : words_(std::move(words)) {
  for (size_t word = 0; word < words_.size(); ++word) {
    if (word % kBlockWords == 0) before_.push_back(static_cast<uint32_t>(size_));
    size_ += static_cast<size_t>(std::popcount(words_[word]));
  }
  if (size_ > 0) return;
  words_ = {};
  before_ = {};
}

RowSet RowSet::Of(std::span<const uint32_t> rows) {
  std::vector<uint64_t> words(rows.empty() ? 0 : rows.back() / 64 + size_t{1});
  for (const uint32_t row : rows) words[row / 64] |= uint64_t{1} << row % 64;
  return RowSet(std::move(words));
}

RowSet::Iterator RowSet::From(size_t i) const {
  if (i >= size_) return end();
  const auto block = std::upper_bound(before_.begin(), before_.end(), i) - before_.begin() - 1;
  size_t left = i - before_[static_cast<size_t>(block)];
  size_t word = static_cast<size_t>(block) * kBlockWords;
  for (;; ++word) {
    const auto rows = static_cast<size_t>(std::popcount(words_[word]));
    if (left < rows) break;
    left -= rows;
  }
  uint64_t bits = words_[word];
  for (; left > 0; --left) bits &= bits - 1;
  return Iterator(words_.data(), word, static_cast<unsigned>(std::countr_zero(bits)), size_ - i);
}

bool RowSet::operator==(const RowSet& other) const {
  return size_ == other.size_ && std::equal(begin(), end(), other.begin());
}

uint32_t RowSet::operator[](size_t i) const { return *From(i); }

void RowSet::Copy(size_t begin, std::span<uint32_t> out) const {
  Iterator row = From(begin);
  for (uint32_t& value : out) value = *row++;
}

std::vector<uint32_t> RowSet::ToVector() const {
  std::vector<uint32_t> rows(size_);
  Copy(0, rows);
  return rows;
}

}  // namespace winnow::data
