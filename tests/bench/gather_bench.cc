// Reading rows in shuffled order: batches of a packed table, and rows of embedding tables.
//
//   bench_gather --benchmark_filter=Embedding
// Prints million rows/s, GB/s of payload, and that as a share of the bandwidth at which this
// machine copies memory (bytes read; measured in the same run). Arguments of a row: rows, dim; of a
// table batch whether all columns are taken. All on one thread, in its own CPU time.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/rng.h"
#include "kernels/data/batch_schedule.h"
#include "kernels/data/column_gather.h"
#include "kernels/data/training_table.h"
#include "kernels/ops/embedding.h"

namespace winnow::data {
namespace {

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// GB/s read while memory is copied: the best of some copies of 256 MiB.
double CopyBandwidth() {
  static const double bandwidth = [] {
    constexpr int64_t kBytes = int64_t{256} << 20;
    auto from = *AlignedBuffer<char>::Create(kBytes), to = *AlignedBuffer<char>::Create(kBytes);
    std::memset(from.data(), 1, kBytes);
    std::memset(to.data(), 2, kBytes);
    double best = 0;
    for (int i = 0; i < 8; ++i) {
      const double start = CpuSeconds();
      std::memcpy(to.data(), from.data(), kBytes);
      benchmark::ClobberMemory();
      best = std::max(best, kBytes * 1e-9 / (CpuSeconds() - start));
    }
    std::printf("copying memory: %.1f GB/s read, as much written\n", best);
    return best;
  }();
  return bandwidth;
}

void Report(benchmark::State& state, int64_t rows, int64_t bytes_per_row) {
  const auto all = static_cast<double>(state.iterations() * rows);
  using benchmark::Counter;
  const double gigabytes = all * static_cast<double>(bytes_per_row) * 1e-9;
  state.counters["Mrow/s"] = Counter(all * 1e-6, Counter::kIsRate);
  state.counters["GB/s"] = Counter(gigabytes, Counter::kIsRate);
  state.counters["of_copy"] = Counter(gigabytes / CopyBandwidth(), Counter::kIsRate);
}

// Columns of a table that the benchmark writes.
struct Shape {
  int64_t rows;
  int32_t numeric, categorical;
};
const Shape kImages = {60000, 784, 0};    // 3,140 bytes a row
const Shape kClicks = {1000000, 13, 26};  // 160 bytes a row

constexpr int32_t kVocabulary = 1000;

DatasetProfile Profile(const Shape& shape) {
  DatasetProfile profile;
  profile.rows = profile.train_file_rows = shape.rows;
  profile.columns.resize(static_cast<size_t>(shape.numeric + shape.categorical));
  for (size_t i = static_cast<size_t>(shape.numeric); i < profile.columns.size(); ++i) {
    profile.columns[i].kind = ColumnKind::kCategorical;
    profile.columns[i].vocabulary = kVocabulary;
  }
  profile.target.classes = {"0", "1"};
  profile.target.class_counts = {shape.rows / 2, shape.rows / 2};
  return profile;
}

void WriteTable(const std::string& path, const Shape& shape) {
  PackedShape packed;
  packed.rows = shape.rows;
  packed.num_numeric = shape.numeric;
  packed.num_categorical = shape.categorical;
  std::ofstream file(path, std::ios::binary);
  const std::string header = EncodePackedHeader(packed);
  file.write(header.data(), static_cast<std::streamsize>(header.size()));
  std::vector<char> record(static_cast<size_t>(packed.stride()));
  for (int64_t row = 0; row < shape.rows; ++row) {
    char* at = record.data();
    const auto put = [&at](auto value) {
      std::memcpy(at, &value, sizeof(value));
      at += sizeof(value);
    };
    for (int32_t j = 0; j < shape.numeric; ++j) {
      put(static_cast<float>((row * 7919 + j * 104729) % 1009) * 0.25f);
    }
    for (int32_t j = 0; j < shape.categorical; ++j) {
      put(static_cast<int32_t>((row * 7919 + j * 104729) % kVocabulary));
    }
    put(static_cast<float>(row % 2));
    file.write(record.data(), static_cast<std::streamsize>(record.size()));
  }
}

class Table {
 public:
  explicit Table(const Shape& shape)
      : path_(std::filesystem::temp_directory_path() /
              ("winnow-gather-bench-" + std::to_string(shape.rows) + ".bin")) {
    WriteTable(path_, shape);
    packed_.emplace(*PackedTable::Open(path_));
    training_.emplace(*TrainingTable::Create(&*packed_, Profile(shape), SplitSpec()));
  }
  ~Table() { std::filesystem::remove(path_); }
  const PackedTable& packed() const { return *packed_; }
  const TrainingTable& training() const { return *training_; }

 private:
  std::string path_;
  std::optional<PackedTable> packed_;
  std::optional<TrainingTable> training_;
};

const Table& Images() {
  static const Table table(kImages);
  return table;
}

const Table& Clicks() {
  static const Table table(kClicks);
  return table;
}

void BM_Fit(benchmark::State& state, const Table& (*table)(), const Shape& shape) {
  for (auto _ : state) {
    auto made = TrainingTable::Create(&table().packed(), Profile(shape), SplitSpec());
    if (!made.ok()) state.SkipWithError("no table");
    benchmark::DoNotOptimize(made);
  }
  Report(state, shape.rows, table().packed().stride());
}
BENCHMARK_CAPTURE(BM_Fit, images, Images, kImages)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_Fit, clicks, Clicks, kClicks)->Unit(benchmark::kMillisecond);

// Argument 1: all columns; 0: every other one.
void BM_Batch(benchmark::State& state, const Table& (*table)(), const Shape& shape) {
  constexpr int32_t kBatch = 512;
  const TrainingTable& training = table().training();
  std::vector<int32_t> columns;
  for (int32_t i = 0; i < shape.numeric + shape.categorical; i += state.range(0) != 0 ? 1 : 2) {
    columns.push_back(i);
  }
  const ColumnGather gather(training, columns);
  BatchOptions options;
  options.batch_size = kBatch;
  options.keep_short_batch = false;
  BatchSchedule schedule(training.train_rows(), 1, "shuffle/bench", options);
  // One epoch's order, so that making it is not measured.
  std::vector<std::vector<uint32_t>> batches;
  for (int64_t step = 0; step < schedule.steps_per_epoch(); ++step) {
    const auto rows = schedule.Batch(step);
    batches.emplace_back(rows.begin(), rows.end());
  }
  const int64_t width = gather.dense_width();
  std::vector<float> dense(static_cast<size_t>(kBatch * width)), target(kBatch), weight(kBatch);
  std::vector<int32_t> codes(static_cast<size_t>(kBatch * gather.num_categorical()));
  size_t step = 0;
  for (auto _ : state) {
    gather.Gather(batches[step++ % batches.size()], dense.data(), width, codes.data(),
                  target.data(), weight.data());
    benchmark::ClobberMemory();
  }
  // Its result: standardised columns stay within a few deviations.
  for (const float x : dense) {
    if (!(std::fabs(x) < 4)) state.SkipWithError("not standardised");
  }
  Report(state, kBatch, 4 * (static_cast<int64_t>(columns.size()) + 1));
}
BENCHMARK_CAPTURE(BM_Batch, images, Images, kImages)->ArgName("all")->Arg(1)->Arg(0);
BENCHMARK_CAPTURE(BM_Batch, clicks, Clicks, kClicks)->ArgName("all")->Arg(1)->Arg(0);

void BM_Embedding(benchmark::State& state) {
  constexpr int64_t kBatch = 2048, kDraws = 1 << 20;
  const int64_t rows = state.range(0), dim = state.range(1);
  auto table = *AlignedBuffer<float>::Create(rows * dim);
  std::iota(table.data(), table.data() + rows * dim, 0.0f);
  const RngStream random(1, "bench/codes");
  std::vector<int32_t> codes(kDraws);
  for (int64_t i = 0; i < kDraws; ++i) {
    codes[i] = static_cast<int32_t>(random.Below(static_cast<uint64_t>(i), rows));
  }
  auto x = *AlignedBuffer<float>::Create(kBatch * dim);
  int64_t begin = 0;
  for (auto _ : state) {
    ops::GatherEmbedding(kBatch, codes.data() + begin, 1, table.data(), dim, x.data(), dim);
    begin = (begin + kBatch) % kDraws;
    benchmark::ClobberMemory();
  }
  Report(state, kBatch, dim * 4);
}
BENCHMARK(BM_Embedding)
    ->ArgNames({"rows", "dim"})
    ->ArgsProduct({{100000, 1000000, 10000000}, {8, 16, 32, 64}});

}  // namespace
}  // namespace winnow::data

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  winnow::data::CopyBandwidth();
  benchmark::RunSpecifiedBenchmarks();
}
