// Metrics of one model with their bootstrap replicates.
//
//   bench_metrics
// Arguments: rows, replicates. Rows/Blocks: whole rows are counted, or blocks (train/bootstrap.h
// chooses by the number of rows). Processor time on one thread.
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/rng.h"
#include "kernels/train/block_metrics.h"
#include "kernels/train/bootstrap.h"

namespace winnow::train {
namespace {

const ScoredRows& Rows(int64_t count) {
  static ScoredRows rows;
  if (rows.rows() == count) return rows;
  rows = {};
  const RngStream random(1, "bench");
  for (int64_t i = 0; i < count; ++i) {
    const double z = random.Normal(2 * i);
    rows.score.push_back(static_cast<float>(z - 1.5));
    rows.label.push_back(z + random.Normal(2 * i + 1) > 1.5 ? 1.0f : 0.0f);
    rows.group.push_back(static_cast<int32_t>(random.Below(i, count / 20)));
  }
  return rows;
}

void Prepare(benchmark::State& state, const std::vector<std::string>& names) {
  const ScoredRows& rows = Rows(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(MetricTable::Make(rows, names)->Evaluate());
}

void ByRows(benchmark::State& state, const std::vector<std::string>& names) {
  const MetricTable table = *MetricTable::Make(Rows(state.range(0)), names);
  const std::vector<uint8_t> counts(static_cast<size_t>(state.range(0)), 1);
  for (auto _ : state) {
    for (int64_t r = 0; r < state.range(1); ++r) benchmark::DoNotOptimize(table.Evaluate(counts));
  }
}

void Whole(benchmark::State& state, const std::vector<std::string>& names) {
  const MetricTable table = *MetricTable::Make(Rows(state.range(0)), names);
  ShardPool pool(1);
  const BootstrapOptions options{.samples = static_cast<int32_t>(state.range(1)), .seed = 1};
  for (auto _ : state) benchmark::DoNotOptimize(Bootstrap(table, options, pool));
}

const std::vector<std::string> kUsual = {"auc", "log_loss"}, kGrouped = {"gauc"};

BENCHMARK_CAPTURE(Prepare, auc_log_loss, kUsual)
    ->Args({2'097'152, 0})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(ByRows, auc_log_loss, kUsual)
    ->Args({2'097'152, 10})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Whole, auc_log_loss, kUsual)
    ->Args({65'536, 200})
    ->Args({2'097'152, 200})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Whole, gauc, kGrouped)->Args({2'097'152, 200})->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace winnow::train

BENCHMARK_MAIN();
