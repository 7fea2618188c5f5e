// Members of an index set, a block at a time without gaps between them, so that arithmetic on them
// runs in vectors.
#ifndef WINNOW_KERNELS_SELECTORS_MEMBER_BLOCK_H_
#define WINNOW_KERNELS_SELECTORS_MEMBER_BLOCK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

namespace winnow::selectors {

inline constexpr size_t kBlock = 64;

// Up to kBlock ascending members.
class MemberBlock {
 public:
  explicit MemberBlock(std::span<const int32_t> members)
      : members_(members),
        is_run_(static_cast<size_t>(members.back() - members.front()) + 1 == members.size()) {}

  size_t size() const { return members_.size(); }
  int32_t operator[](size_t k) const { return members_[k]; }

  // out[k] = values[member k]; elements from size() on keep what they hold.
  void Gather(std::span<const float> values, float (&out)[kBlock]) const {
    if (is_run_) {
      std::copy_n(values.data() + members_.front(), size(), out);
    } else {
      for (size_t k = 0; k < size(); ++k) out[k] = values[members_[k]];
    }
  }
  // values[member k] = in[k]; other values are left alone.
  void Scatter(const float (&in)[kBlock], std::span<float> values) const {
    if (is_run_) {
      std::copy_n(in, size(), values.data() + members_.front());
    } else {
      for (size_t k = 0; k < size(); ++k) values[members_[k]] = in[k];
    }
  }

 private:
  std::span<const int32_t> members_;
  bool is_run_;  // no gaps
};

// Calls use(MemberBlock) for one block after the other.
template <typename F>
void ForBlocks(std::span<const int32_t> members, const F& use) {
  for (size_t begin = 0; begin < members.size(); begin += kBlock) {
    use(MemberBlock(members.subspan(begin, std::min(kBlock, members.size() - begin))));
  }
}

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_MEMBER_BLOCK_H_
