#include "kernels/selectors/softmax.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "kernels/base/multiversion.h"
#include "kernels/selectors/member_block.h"

namespace winnow::selectors {
namespace {

constexpr size_t kSums = 8;
constexpr size_t kMaxima = 16;

// exp(x), x <= 0: x = n ln 2 + r, |r| <= ln 2 / 2, exp(r) by its series to r^11 (the rest is below
// 7e-15 of it), 2^n by the bits of a double. Below -700, where a float has long been 0, as at -700.
inline double ExpOfNegative(double x) {
  constexpr double kLog2E = 0x1.71547652b82fep+0;
  // ln 2 in two parts, the first of 32 bits: n times it is exact.
  constexpr double kLn2High = 0x1.62e42fee00000p-1, kLn2Low = 0x1.a39ef35793c76p-33;
  // Adding it leaves round(x) in the low bits.
  constexpr double kRound = 0x1.8p52;
  x = std::max(x, -700.0);
  const double shifted = x * kLog2E + kRound;
  const double n = shifted - kRound;
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double e = 1.0 / 39916800;
  e = e * r + 1.0 / 3628800;
  e = e * r + 1.0 / 362880;
  e = e * r + 1.0 / 40320;
  e = e * r + 1.0 / 5040;
  e = e * r + 1.0 / 720;
  e = e * r + 1.0 / 120;
  e = e * r + 1.0 / 24;
  e = e * r + 1.0 / 6;
  e = e * r + 0.5;
  e = e * r + 1.0;
  e = e * r + 1.0;
  constexpr uint64_t kExponentBias = 1023;
  constexpr int kFractionBits = 52;
  const uint64_t power = (std::bit_cast<uint64_t>(shifted) + kExponentBias) << kFractionBits;
  return e * std::bit_cast<double>(power);
}

struct Sums {
  double sum[kSums] = {};

  double Total() const {
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
  }
};

// Adds a block to the sums.
inline void Add(const double (&block)[kBlock], Sums& sums) {
  for (size_t k = 0; k < kBlock; k += kSums) {
    for (size_t j = 0; j < kSums; ++j) sums.sum[j] += block[k + j];
  }
}

WINNOW_MULTIVERSION
void Maximum(const float (&x)[kBlock], float (&maxima)[kMaxima]) {
  for (size_t k = 0; k < kBlock; k += kMaxima) {
    for (size_t j = 0; j < kMaxima; ++j) maxima[j] = std::max(maxima[j], x[k + j]);
  }
}

// x = exp(x - top) for the first `count`, and adds them to the sums.
WINNOW_MULTIVERSION
void ExpBlock(size_t count, float top, float (&x)[kBlock], Sums& sums) {
  double e[kBlock];
  for (size_t k = 0; k < kBlock; ++k) e[k] = ExpOfNegative(static_cast<double>(x[k]) - top);
  std::fill(e + count, e + kBlock, 0.0);
  for (size_t k = 0; k < kBlock; ++k) x[k] = static_cast<float>(e[k]);
  Add(e, sums);
}

WINNOW_MULTIVERSION
void Scale(double factor, float (&x)[kBlock]) {
  for (float& value : x) value = static_cast<float>(factor * static_cast<double>(value));
}

// Adds the products a g.
WINNOW_MULTIVERSION
void AddProducts(const float (&a)[kBlock], const float (&g)[kBlock], Sums& sums) {
  double product[kBlock];
  for (size_t k = 0; k < kBlock; ++k) product[k] = static_cast<double>(a[k]) * g[k];
  Add(product, sums);
}

// g = a (g - mean)
WINNOW_MULTIVERSION
void Deviations(const float (&a)[kBlock], double mean, float (&g)[kBlock]) {
  for (size_t k = 0; k < kBlock; ++k) g[k] = static_cast<float>(a[k] * (g[k] - mean));
}

}  // namespace

void SoftmaxOver(std::span<const int32_t> members, std::span<const float> logits,
                 std::span<float> mask, double scale) {
  float maxima[kMaxima];
  std::fill(maxima, maxima + kMaxima, logits[members.front()]);
  ForBlocks(members, [&](const MemberBlock& block) {
    float x[kBlock];
    std::fill(x, x + kBlock, maxima[0]);
    block.Gather(logits, x);
    Maximum(x, maxima);
  });
  const float top = *std::max_element(maxima, maxima + kMaxima);
  Sums sums;
  ForBlocks(members, [&](const MemberBlock& block) {
    float x[kBlock] = {};
    block.Gather(logits, x);
    ExpBlock(block.size(), top, x, sums);
    block.Scatter(x, mask);
  });
  const double factor = scale / sums.Total();
  ForBlocks(members, [&](const MemberBlock& block) {
    float x[kBlock] = {};
    block.Gather(mask, x);
    Scale(factor, x);
    block.Scatter(x, mask);
  });
}

void SoftmaxGradient(std::span<const int32_t> members, std::span<const float> mask, double scale,
                     std::span<const float> g, std::span<float> gradient) {
  Sums sums;
  ForBlocks(members, [&](const MemberBlock& block) {
    float a[kBlock] = {}, of[kBlock] = {};
    block.Gather(mask, a);
    block.Gather(g, of);
    AddProducts(a, of, sums);
  });
  const double mean = sums.Total() / scale;
  ForBlocks(members, [&](const MemberBlock& block) {
    float a[kBlock] = {}, of[kBlock] = {};
    block.Gather(mask, a);
    block.Gather(g, of);
    Deviations(a, mean, of);
    block.Scatter(of, gradient);
  });
}

}  // namespace winnow::selectors
