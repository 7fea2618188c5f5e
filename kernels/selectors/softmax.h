// The mask of softmax gates and its gradient, over an index set U.
//
//   p_i = exp(w_i) / sum_{j in U} exp(w_j)                 i in U
//   a_i = scale p_i                                        the mask
//   d loss/d w_i = a_i (g_i - sum_{j in U} p_j g_j)        g = d loss/d a
//
// The softmax is shifted by the maximum over U, never over all: a far larger logit outside U must
// not underflow it. The gradient sums to 0 over U up to rounding. A selector does this in every
// step, on one thread, so it is vectors of double: eight partial sums, member k of U in sum k mod
// 8, added in a fixed tree. O(|U|) each.
#ifndef WINNOW_KERNELS_SELECTORS_SOFTMAX_H_
#define WINNOW_KERNELS_SELECTORS_SOFTMAX_H_

#include <cstdint>
#include <span>

namespace winnow::selectors {

// mask[i] = a_i for i in members; other entries are left alone. REQUIRES: members is ascending and
// not empty.
void SoftmaxOver(std::span<const int32_t> members, std::span<const float> logits,
                 std::span<float> mask, double scale = 1.0);

// gradient[i] = d loss/d w_i for i in members from `mask`, which SoftmaxOver made with the same
// scale, and g; other entries are left alone. `gradient` may be `g`.
void SoftmaxGradient(std::span<const int32_t> members, std::span<const float> mask, double scale,
                     std::span<const float> g, std::span<float> gradient);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SOFTMAX_H_
