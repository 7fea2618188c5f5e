// Embedding rows: look-up, and the update of the rows of a batch with duplicates merged. Items are
// rows. Arguments: vocabulary, dimension.
#include <algorithm>
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/ops/embedding.h"
#include "kernels/ops/optimizer.h"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

// Look-ups of an iteration: several batches, so that their rows are not in cache from the last.
constexpr int64_t kRows = 1 << 20;
// Rows that an update merges: a batch.
constexpr int64_t kBatch = 2048;

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({100'000, 16})->Args({1'000'000, 8})->Args({1'000'000, 16})->Args({1'000'000, 32});
  bench->Args({1'000'000, 64})->Unit(benchmark::kMillisecond);
}

// Where the engine has tables and their moments: on huge pages, if the system has any.
AlignedBuffer<float> Placed(const std::vector<float>& values) {
  AlignedBuffer<float> placed =
      AlignedBuffer<float>::Create(static_cast<int64_t>(values.size())).value();
  std::copy(values.begin(), values.end(), placed.data());
  return placed;
}

void EmbeddingGather(benchmark::State& state) {
  const int64_t vocabulary = state.range(0), dim = state.range(1);
  const AlignedBuffer<float> table = Placed(RandomFloats(vocabulary * dim, "table"));
  const std::vector<int32_t> codes = RandomCodes(kRows, vocabulary, "codes");
  std::vector<float> x(static_cast<size_t>(kBatch * dim));
  for (auto _ : state) {
    for (int64_t at = 0; at < kRows; at += kBatch) {
      ops::GatherEmbedding(kBatch, &codes[at], 1, table.data(), dim, x.data(), dim);
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  CountBytes(state, static_cast<double>(kRows * dim * sizeof(float)));
}

void EmbeddingUpdate(benchmark::State& state, ops::OptimizerKind kind) {
  const int64_t vocabulary = state.range(0), dim = state.range(1);
  const int64_t values = vocabulary * dim;
  AlignedBuffer<float> table = Placed(RandomFloats(values, "table"));
  const std::vector<int32_t> codes = RandomCodes(kRows, vocabulary, "codes");
  const std::vector<float> dx = RandomFloats(kBatch * dim, "dx");
  ops::OptimizerSettings settings;
  settings.kind = kind;
  const int moments = ops::MomentCount(settings);
  AlignedBuffer<float> first = Placed(std::vector<float>(static_cast<size_t>(values)));
  AlignedBuffer<float> second = Placed(std::vector<float>(static_cast<size_t>(values)));
  std::vector<int32_t> slots(static_cast<size_t>(vocabulary), -1), distinct(kBatch);
  std::vector<float> sums(static_cast<size_t>(kBatch * dim));
  int64_t step = 0;
  for (auto _ : state) {
    for (int64_t at = 0; at < kRows; at += kBatch) {
      const int64_t count = ops::MergeEmbeddingRows(kBatch, &codes[at], 1, dx.data(), dim, dim,
                                                    slots.data(), distinct.data(), sums.data());
      const auto constants = ops::MakeOptimizerStep(settings, ++step, 1e-4, 0.0);
      ops::OptimizerUpdateRows(constants, count, dim, distinct.data(), nullptr, sums.data(),
                               table.data(), moments > 0 ? first.data() : nullptr,
                               moments > 1 ? second.data() : nullptr);
    }
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  // A row and its moments are read and written.
  CountBytes(state, static_cast<double>(kRows * dim * 2 * (1 + moments) * sizeof(float)));
}

BENCHMARK(EmbeddingGather)->Apply(Shapes);
BENCHMARK_CAPTURE(EmbeddingUpdate, adam, ops::OptimizerKind::kAdam)->Apply(Shapes);
BENCHMARK_CAPTURE(EmbeddingUpdate, adagrad, ops::OptimizerKind::kAdagrad)->Apply(Shapes);

}  // namespace
}  // namespace winnow::bench
