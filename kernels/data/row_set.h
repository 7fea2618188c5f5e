// A set of rows of a table: one bit a row, and 1/16 bit for finding the i-th.
#ifndef WINNOW_KERNELS_DATA_ROW_SET_H_
#define WINNOW_KERNELS_DATA_ROW_SET_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <vector>

namespace winnow::data {

// Read as the ascending list of its rows. THREAD-SAFETY: const members from any thread.
class RowSet {
 public:
  RowSet() = default;
  // Row r is in the set when bit r % 64 of words[r / 64] is 1.
  explicit RowSet(std::vector<uint64_t> words);
  // REQUIRES: `rows` is ascending and distinct.
  static RowSet Of(std::span<const uint32_t> rows);

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // The i-th row, O(log(rows)). REQUIRES: i < size().
  uint32_t operator[](size_t i) const;
  uint32_t front() const { return *begin(); }
  // Rows begin .. begin + out.size() - 1 of the list. REQUIRES: begin + out.size() <= size().
  void Copy(size_t begin, std::span<uint32_t> out) const;
  std::vector<uint32_t> ToVector() const;

  class Iterator;
  using value_type = uint32_t;
  using iterator = Iterator;
  using const_iterator = Iterator;

  bool operator==(const RowSet& other) const;

  class Iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = uint32_t;
    using difference_type = std::ptrdiff_t;
    using pointer = const uint32_t*;
    using reference = uint32_t;

    Iterator() = default;
    uint32_t operator*() const {
      return static_cast<uint32_t>(word_ * 64 + static_cast<size_t>(std::countr_zero(bits_)));
    }
    Iterator& operator++() {
      bits_ &= bits_ - 1;
      --left_;
      Settle();
      return *this;
    }
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator& other) const { return left_ == other.left_; }

   private:
    friend class RowSet;
    // Bits below `bit` of the first word are passed over.
    Iterator(const uint64_t* words, size_t word, unsigned bit, size_t left)
        : words_(words), word_(word), left_(left) {
      bits_ = left > 0 ? words[word] & (~uint64_t{0} << bit) : 0;
      Settle();
    }
    void Settle() {
      while (bits_ == 0 && left_ > 0) bits_ = words_[++word_];
    }

    const uint64_t* words_ = nullptr;
    size_t word_ = 0;
    uint64_t bits_ = 0;
    size_t left_ = 0;  // rows from here to the end
  };

  Iterator begin() const { return Iterator(words_.data(), 0, 0, size_); }
  Iterator end() const { return Iterator(); }
  // From the i-th row on. REQUIRES: i <= size().
  Iterator From(size_t i) const;

 private:
  std::vector<uint64_t> words_;
  std::vector<uint32_t> before_;  // rows before every block of words
  size_t size_ = 0;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_ROW_SET_H_
