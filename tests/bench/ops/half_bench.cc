// The products of a dense layer with bf16 operands. Arguments: rows, inputs, outputs.
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/ops/half_product.h"
#include "kernels/ops/simd.h"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

void Shapes(benchmark::internal::Benchmark* bench) {
  for (const int64_t rows : {64, 2048}) {
    bench->Args({rows, 784, 67})->Args({rows, 429, 512})->Args({rows, 512, 256});
  }
  bench->Unit(benchmark::kMicrosecond);
}

struct Rounded {
  Rounded(int64_t rows, int64_t n, const char* name)
      : ld(ops::RoundUpToLanes(n)), half(rows * ld), pairs((rows + 1) / 2 * 2 * ld + 32) {
    const std::vector<float> x = RandomFloats(rows * ld, name);
    ops::RoundRows(rows, n, x.data(), ld, half.data(), pairs.data(), ld);
  }
  const int64_t ld;
  std::vector<ops::Half> half, pairs;
};

void HalfForward(benchmark::State& state) {
  if (!ops::HasHalfProducts()) return state.SkipWithError("no bf16 instructions");
  const int64_t rows = state.range(0), inputs = state.range(1), outputs = state.range(2);
  const Rounded x(rows, inputs, "x");
  const int64_t ldz = ops::RoundUpToLanes(outputs);
  const std::vector<float> w = RandomFloats(inputs * outputs, "w");
  const std::vector<float> bias = RandomFloats(ldz, "bias");
  std::vector<float> z(rows * ldz + ops::kLanes);
  ops::PackedHalfMatrix packed = *ops::PackedHalfMatrix::Create(inputs, outputs);
  packed.PackRows(0, inputs, w.data(), outputs);
  const ops::ProductEnd end = {.bias = bias.data(), .relu = true};
  for (auto _ : state) packed.Multiply(rows, x.half.data(), x.ld, z.data(), ldz, end);
  CountFlops(state, 2.0 * static_cast<double>(rows * inputs * outputs), MachinePeaks().bf16_gflops);
}

void HalfWeightGradient(benchmark::State& state) {
  if (!ops::HasHalfProducts()) return state.SkipWithError("no bf16 instructions");
  const int64_t rows = state.range(0), inputs = state.range(1), outputs = state.range(2);
  const Rounded x(rows, inputs, "x"), dz(rows, outputs, "dz");
  std::vector<float> g(inputs * outputs);
  for (auto _ : state) {
    ops::HalfWeightGradient(rows, inputs, outputs, x.pairs.data(), x.ld, dz.pairs.data(), dz.ld,
                            g.data());
  }
  CountFlops(state, 2.0 * static_cast<double>(rows * inputs * outputs), MachinePeaks().bf16_gflops);
}

// Both layouts of a matrix, in one pass.
void HalfRound(benchmark::State& state) {
  if (!ops::HasHalfProducts()) return state.SkipWithError("no bf16 instructions");
  const int64_t rows = 2048, n = state.range(0), ld = ops::RoundUpToLanes(n);
  const std::vector<float> x = RandomFloats(rows * ld, "x");
  std::vector<ops::Half> half(rows * ld), pairs(rows * ld);
  for (auto _ : state) ops::RoundRows(rows, n, x.data(), ld, half.data(), pairs.data(), ld);
  CountBytes(state, static_cast<double>(rows * n * 8));
}

BENCHMARK(HalfForward)->Apply(Shapes);
BENCHMARK(HalfWeightGradient)->Apply(Shapes);
BENCHMARK(HalfRound)->Arg(67)->Arg(512)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace winnow::bench
