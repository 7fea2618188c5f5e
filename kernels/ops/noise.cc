#include "kernels/ops/noise.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace winnow::ops {
namespace {

constexpr int kKnots = 4096;
constexpr int kWordsPerBlock = 8;
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

// Words below it are dropped: p in units of 1/65536, at most 65535.
uint32_t DropThreshold(float p) {
  return std::min<uint32_t>(65535, static_cast<uint32_t>(std::lround(p * 65536.0f)));
}

}  // namespace

void AddGaussianNoise(const RngStream& stream, uint64_t first_draw, int64_t n, float stddev,
                      float* x) {
  const Segment* segments = Segments().data();
  for (int64_t j = 0; j < n; j += kWordsPerBlock) {
    const auto block = stream.Block((first_draw + j) / kWordsPerBlock);
    const int64_t count = std::min<int64_t>(kWordsPerBlock, n - j);
    for (int64_t w = 0; w < count; ++w) x[j + w] += stddev * GaussianOf(segments, Word(block, w));
  }
}

void Dropout(const RngStream& stream, uint64_t first_draw, int64_t n, float p, float* h) {
  const uint32_t threshold = DropThreshold(p);
  const float scale = 1.0f / (1.0f - p);
  for (int64_t j = 0; j < n; j += kWordsPerBlock) {
    const auto block = stream.Block((first_draw + j) / kWordsPerBlock);
    const int64_t count = std::min<int64_t>(kWordsPerBlock, n - j);
    for (int64_t w = 0; w < count; ++w) {
      h[j + w] = Word(block, w) < threshold ? 0.0f : scale * h[j + w];
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
