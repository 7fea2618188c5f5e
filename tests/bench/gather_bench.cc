// TrainingTable: fitting and gathering MNIST-shaped batches of 512 rows from a table of 60,000.
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/rng.h"
#include "kernels/data/batch_schedule.h"
#include "kernels/data/training_table.h"

namespace winnow::data {
namespace {

constexpr int64_t kRows = 60000;
constexpr int32_t kColumns = 784;

DatasetProfile Profile() {
  DatasetProfile profile;
  profile.rows = profile.train_file_rows = kRows;
  profile.columns.resize(kColumns);
  profile.target.classes = {"0", "1"};
  profile.target.class_counts = {kRows / 2, kRows / 2};
  return profile;
}

std::string WriteTable() {
  const std::string path = std::filesystem::temp_directory_path() / "winnow-gather-bench.bin";
  PackedShape shape;
  shape.rows = kRows;
  shape.num_numeric = kColumns;
  std::ofstream file(path, std::ios::binary);
  const std::string header = EncodePackedHeader(shape);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  std::vector<float> record(kColumns + 1);
  for (int64_t row = 0; row < kRows; ++row) {
    for (int32_t j = 0; j < kColumns; ++j) {
      record[j] = static_cast<float>((row * 7919 + j * 104729) % 1009) * 0.25f;
    }
    record[kColumns] = static_cast<float>(row % 2);
    file.write(reinterpret_cast<const char*>(record.data()),
               static_cast<std::streamsize>(record.size() * sizeof(float)));
  }
  return path;
}

class Tables {
 public:
  Tables() : path_(WriteTable()), packed_(*PackedTable::Open(path_)) {}
  ~Tables() { std::filesystem::remove(path_); }
  const PackedTable& packed() const { return packed_; }

 private:
  std::string path_;
  PackedTable packed_;
};

const PackedTable& Packed() {
  static const Tables tables;
  return tables.packed();
}

void BM_Fit(benchmark::State& state) {
  for (auto _ : state) {
    auto table = TrainingTable::Create(&Packed(), Profile(), SplitSpec());
    if (!table.ok()) state.SkipWithError("no table");
    benchmark::DoNotOptimize(table);
  }
  state.SetItemsProcessed(state.iterations() * kRows);
}
BENCHMARK(BM_Fit)->Unit(benchmark::kMillisecond);

// Argument 1: rows in shuffled order, most of them far from any cache; 0: one batch again and
// again.
void BM_Gather(benchmark::State& state) {
  const auto table = TrainingTable::Create(&Packed(), Profile(), SplitSpec());
  BatchOptions options;
  options.batch_size = 512;
  options.keep_short_batch = false;
  BatchSchedule schedule(table->train_rows(), 1, "shuffle/bench", options);
  const int64_t batches = state.range(0) != 0 ? schedule.steps_per_epoch() : 1;
  std::vector<float> dense(512 * kColumns), target(512), weight(512);
  int64_t step = 0;
  for (auto _ : state) {
    const auto rows = schedule.Batch(step++ % batches);
    table->Gather(rows, dense.data(), kColumns, nullptr, target.data(), weight.data());
    benchmark::ClobberMemory();
  }
  // Its result: standardised columns stay within a few deviations.
  for (const float x : dense) {
    if (!(std::fabs(x) < 4)) state.SkipWithError("not standardised");
  }
  state.SetItemsProcessed(state.iterations() * 512);
}
BENCHMARK(BM_Gather)->ArgName("shuffled")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace winnow::data

BENCHMARK_MAIN();
