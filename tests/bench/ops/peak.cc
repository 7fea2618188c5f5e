#include "tests/bench/ops/peak.h"

#include <immintrin.h>
#include <time.h>

#include <algorithm>

#include "kernels/base/rng.h"

namespace winnow::bench {
namespace {

constexpr int64_t kRounds = 200'000;

// Twelve chains: enough to keep two units of four cycles busy; they fit the registers of every
// instruction set. Written out, so that no compiler keeps them in memory.
#define WINNOW_TWELVE(m) m(0) m(1) m(2) m(3) m(4) m(5) m(6) m(7) m(8) m(9) m(10) m(11)

__attribute__((target("avx512f"), noinline)) double FmaAvx512() {
  const __m512 a = _mm512_set1_ps(0.999f), b = _mm512_set1_ps(0.001f);
#define WINNOW_START(i) __m512 s##i = _mm512_set1_ps(1.0f + 0.1f * i);
#define WINNOW_STEP(i) s##i = _mm512_fmadd_ps(s##i, a, b);
#define WINNOW_USE(i) benchmark::DoNotOptimize(_mm512_cvtss_f32(s##i));
  WINNOW_TWELVE(WINNOW_START)
  for (int64_t r = 0; r < kRounds; ++r) {
    WINNOW_TWELVE(WINNOW_STEP)
  }
  WINNOW_TWELVE(WINNOW_USE)
  return 2.0 * 16 * 12 * kRounds;
}

#undef WINNOW_STEP
#define WINNOW_STEP(i) s##i = _mm512_dpbf16_ps(s##i, pair, pair);
__attribute__((target("avx512f,avx512bf16"), noinline)) double DotBf16() {
  const auto pair = (__m512bh)_mm512_set1_epi32(0x3a803a80);  // 2^-10 each
  WINNOW_TWELVE(WINNOW_START)
  for (int64_t r = 0; r < kRounds; ++r) {
    WINNOW_TWELVE(WINNOW_STEP)
  }
  WINNOW_TWELVE(WINNOW_USE)
  return 4.0 * 16 * 12 * kRounds;
}

#undef WINNOW_START
#undef WINNOW_STEP
#undef WINNOW_USE
#define WINNOW_START(i) __m256 s##i = _mm256_set1_ps(1.0f + 0.1f * i);
#define WINNOW_STEP(i) s##i = _mm256_fmadd_ps(s##i, a, b);
#define WINNOW_USE(i) benchmark::DoNotOptimize(_mm256_cvtss_f32(s##i));
__attribute__((target("avx2,fma"), noinline)) double FmaAvx2() {
  const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(0.001f);
  WINNOW_TWELVE(WINNOW_START)
  for (int64_t r = 0; r < kRounds; ++r) {
    WINNOW_TWELVE(WINNOW_STEP)
  }
  WINNOW_TWELVE(WINNOW_USE)
  return 2.0 * 8 * 12 * kRounds;
}

// A processor without AVX2: no peak is known.
double None() { return 0; }

double ThreadSeconds() {
  timespec now;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Best rate of `repeats` calls of a function that returns the work it did.
template <typename F>
double Best(int repeats, F&& work) {
  double best = 0;
  for (int i = 0; i < repeats; ++i) {
    const double start = ThreadSeconds();
    const double done = work();
    best = std::max(best, done / (ThreadSeconds() - start));
  }
  return best;
}

Peaks Measure() {
  Peaks peaks;
  const bool avx512 = __builtin_cpu_supports("avx512f") != 0;
  const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
  peaks.gflops = 1e-9 * Best(100, avx512 ? FmaAvx512 : avx2 ? FmaAvx2 : None);
  if (avx512 && __builtin_cpu_supports("avx512bf16") != 0) {
    peaks.bf16_gflops = 1e-9 * Best(100, DotBf16);
  }
  std::vector<int64_t> memory((256 << 20) / sizeof(int64_t), 1);
  peaks.read_gbs = 1e-9 * Best(8, [&] {
                     int64_t sums[8] = {};
                     for (size_t i = 0; i < memory.size(); i += 8) {
                       for (int j = 0; j < 8; ++j) sums[j] += memory[i + j];
                     }
                     benchmark::DoNotOptimize(sums);
                     return static_cast<double>(memory.size() * sizeof(int64_t));
                   });
  return peaks;
}

benchmark::Counter Rate(double amount) {
  return {amount, benchmark::Counter::kIsIterationInvariantRate};
}

}  // namespace

const Peaks& MachinePeaks() {
  static const Peaks peaks = Measure();
  return peaks;
}

void CountFlops(benchmark::State& state, double flops, double peak_gflops) {
  state.counters["GFLOP/s"] = Rate(flops * 1e-9);
  if (peak_gflops > 0) state.counters["% peak"] = Rate(flops * 1e-7 / peak_gflops);
}

void CountBytes(benchmark::State& state, double bytes) {
  state.counters["GB/s"] = Rate(bytes * 1e-9);
  state.counters["% read"] = Rate(bytes * 1e-7 / MachinePeaks().read_gbs);
}

std::vector<float> RandomFloats(int64_t size, const std::string& name) {
  const RngStream random(1, "bench/" + name);
  std::vector<float> values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<float>(2 * random.Uniform(i) - 1);
  }
  return values;
}

std::vector<int32_t> RandomCodes(int64_t size, int64_t limit, const std::string& name) {
  const RngStream random(1, "bench/" + name);
  std::vector<int32_t> codes(static_cast<size_t>(size));
  for (size_t i = 0; i < codes.size(); ++i) {
    codes[i] = static_cast<int32_t>(random.Uniform(i) * static_cast<double>(limit));
  }
  return codes;
}

}  // namespace winnow::bench
