#include "kernels/ops/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "kernels/ops/isa.h"
#include "kernels/ops/noise_avx2.h"
#include "kernels/ops/noise_avx512.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

constexpr int kKnots = 4096;
constexpr int kWordsPerBlock = 8;
constexpr int kBlocks = 8;  // at a time
constexpr int kDrawsAtATime = kBlocks * kWordsPerBlock;
constexpr double kOutermost = 4.0;  // see noise.h; chosen so that the variance is 1

// The x with Phi(x) = p, by bisection: 60 halvings of [-9, 9] reach the spacing of doubles.
double NormalQuantile(double p) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    if (0.5 * std::erfc(-middle / std::numbers::sqrt2) < p) {
      low = middle;
    } else {
      high = middle;
    }
  }
  return low;
}

struct Segment {
  float start, slope;  // value and increase per unit of the low four bits plus one half
};

std::array<Segment, kKnots> MakeSegments() {
  std::array<double, kKnots + 1> knots;
  for (int i = 1; i < kKnots; ++i) knots[i] = NormalQuantile(static_cast<double>(i) / kKnots);
  knots[0] = -kOutermost;
  knots[kKnots] = kOutermost;
  std::array<Segment, kKnots> segments;
  for (int i = 0; i < kKnots; ++i) {
    segments[i] = {static_cast<float>(knots[i]),
                   static_cast<float>((knots[i + 1] - knots[i]) / 16)};
  }
  return segments;
}

const std::array<Segment, kKnots>& Segments() {
  static const std::array<Segment, kKnots> segments = MakeSegments();
  return segments;
}

inline float GaussianOf(const Segment* segments, uint32_t word) {
  const Segment& segment = segments[word >> 4];
  return segment.start + segment.slope * (static_cast<float>(word & 15) + 0.5f);
}

// 16-bit word w of a block.
inline uint32_t Word(const std::array<uint32_t, 4>& block, int64_t w) {
  return block[w / 2] >> (16 * (w % 2)) & 0xFFFF;
}

void PortableBlocks(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words) {
  for (uint64_t i = 0; i < kBlocks; ++i) {
    const std::array<uint32_t, 4> block = Philox(key, stream, counter + i);
    std::copy(block.begin(), block.end(), words + 4 * i);
  }
}

using BlocksFunction = void(uint64_t key, uint64_t stream, uint64_t counter, uint32_t* words);

BlocksFunction* ChooseBlocks() {
#if defined(__x86_64__)
  if (ActiveIsa() >= Isa::kAvx512) return avx512::PhiloxBlocks;
  if (ActiveIsa() >= Isa::kAvx2) return avx2::PhiloxBlocks;
#endif
  return PortableBlocks;
}

// Draws first_draw .. first_draw + kDrawsAtATime - 1.
struct Draws {
  Draws(const RngStream& stream, uint64_t first_draw) {
    static BlocksFunction* const blocks = ChooseBlocks();
    uint32_t words[kBlocks * 4];
    blocks(stream.key(), stream.stream(), first_draw / kWordsPerBlock, words);
    for (int w = 0; w < kDrawsAtATime; ++w) {
      draws[w] = static_cast<uint16_t>(words[w / 2] >> (16 * (w % 2)));
    }
  }
  uint16_t draws[kDrawsAtATime];
};

// Words below it are dropped: p in units of 1/65536, at most 65535.
uint32_t DropThreshold(float p) {
  return std::min<uint32_t>(65535, static_cast<uint32_t>(std::lround(p * 65536.0f)));
}

}  // namespace

WINNOW_MULTIVERSION
void AddGaussianNoise(const RngStream& stream, uint64_t first_draw, int64_t n, float stddev,
                      float* x) {
  const Segment* segments = Segments().data();
  for (int64_t j = 0; j < n; j += kDrawsAtATime) {
    const Draws draw(stream, first_draw + j);
    const int64_t count = std::min<int64_t>(kDrawsAtATime, n - j);
    for (int64_t w = 0; w < count; ++w) x[j + w] += stddev * GaussianOf(segments, draw.draws[w]);
  }
}

WINNOW_MULTIVERSION
void Dropout(const RngStream& stream, uint64_t first_draw, int64_t n, float p, float* h) {
  const uint32_t threshold = DropThreshold(p);
  const float scale = 1.0f / (1.0f - p);
  for (int64_t j = 0; j < n; j += kDrawsAtATime) {
    const Draws draw(stream, first_draw + j);
    const int64_t count = std::min<int64_t>(kDrawsAtATime, n - j);
    float* values = h + j;
    for (int64_t w = 0; w < count; ++w) {
      const float kept = scale * values[w];
      values[w] = draw.draws[w] < threshold ? 0.0f : kept;
    }
  }
}

namespace ref {

double Gaussian(const RngStream& stream, uint64_t draw) {
  const uint32_t word = Word(stream.Block(draw / kWordsPerBlock), draw % kWordsPerBlock);
  const uint32_t segment = word / 16;
  const double left =
      segment == 0 ? -kOutermost : NormalQuantile(static_cast<double>(segment) / kKnots);
  const double right = segment == kKnots - 1
                           ? kOutermost
                           : NormalQuantile(static_cast<double>(segment + 1) / kKnots);
  return left + (right - left) * (word % 16 + 0.5) / 16;
}

bool IsDropped(const RngStream& stream, uint64_t draw, float p) {
  const uint32_t word = Word(stream.Block(draw / kWordsPerBlock), draw % kWordsPerBlock);
  return word < DropThreshold(p);
}

}  // namespace ref
}  // namespace winnow::ops
