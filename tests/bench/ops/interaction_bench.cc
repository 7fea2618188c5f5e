// Dot products of DLRM. Arguments: vectors of a row, dimension. A batch of 2,048 rows.
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/ops/interaction.h"
#include "kernels/ops/simd.h"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

constexpr int64_t kRows = 2048;

struct Vectors {
  explicit Vectors(const benchmark::State& state)
      : n(state.range(0)),
        d(state.range(1)),
        stride(ops::RoundUpToLanes(d)),
        ldp(ops::RoundUpToLanes(ops::PairCount(n))),
        v(RandomFloats(kRows * n * stride + ops::kLanes, "v")),
        p(RandomFloats(kRows * ldp + ops::kLanes, "p")) {}
  double flops() const { return 2.0 * static_cast<double>(kRows * ops::PairCount(n) * d); }
  const int64_t n, d, stride, ldp;
  std::vector<float> v, p;
};

void InteractionForward(benchmark::State& state) {
  Vectors x(state);
  for (auto _ : state) {
    ops::InteractionForward(kRows, x.n, x.d, x.v.data(), x.n * x.stride, x.stride, x.p.data(),
                            x.ldp);
  }
  CountFlops(state, x.flops(), MachinePeaks().gflops);
}

void InteractionBackward(benchmark::State& state) {
  Vectors x(state);
  std::vector<float> dv(x.v.size());
  for (auto _ : state) {
    ops::InteractionBackward(kRows, x.n, x.d, x.v.data(), x.n * x.stride, x.stride, x.p.data(),
                             nullptr, x.ldp, dv.data());
  }
  CountFlops(state, 2 * x.flops(), MachinePeaks().gflops);
}

BENCHMARK(InteractionForward)->Args({27, 16})->Args({27, 32})->Unit(benchmark::kMicrosecond);
BENCHMARK(InteractionBackward)->Args({27, 16})->Args({27, 32})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace winnow::bench
