// Losses with their gradients. Items are rows.
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/ops/loss.h"
#include "kernels/ops/simd.h"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

constexpr int64_t kRows = 2048;

void LossLogistic(benchmark::State& state) {
  const std::vector<float> z = RandomFloats(kRows, "z");
  std::vector<float> dz(kRows), target(kRows);
  for (int64_t i = 0; i < kRows; ++i) target[i] = static_cast<float>(i % 2);
  for (auto _ : state) {
    const double loss =
        ops::LogisticLoss(kRows, z.data(), 1, target.data(), nullptr, 1.0f / kRows, dz.data());
    benchmark::DoNotOptimize(loss);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

void LossSoftmax(benchmark::State& state) {
  const int64_t classes = state.range(0), stride = ops::RoundUpToLanes(classes);
  const std::vector<float> z = RandomFloats(kRows * stride, "z");
  std::vector<float> dz(z.size()), target(kRows);
  for (int64_t i = 0; i < kRows; ++i) target[i] = static_cast<float>(i % classes);
  for (auto _ : state) {
    const double loss = ops::SoftmaxLoss(kRows, classes, z.data(), stride, target.data(), nullptr,
                                         1.0f / kRows, dz.data());
    benchmark::DoNotOptimize(loss);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}

BENCHMARK(LossLogistic)->Unit(benchmark::kMicrosecond);
BENCHMARK(LossSoftmax)->Arg(2)->Arg(10)->Arg(100)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace winnow::bench
