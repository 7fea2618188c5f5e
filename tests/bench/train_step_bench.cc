// One training step of common shapes: time, samples/s and GFLOP/s of the matrix products alone.
//
//   bench_train_step --benchmark_filter=784-67
// Arguments of a row: threads. On a busy machine only the one-thread rows mean anything.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/rng.h"
#include "kernels/nn/model_gate.h"
#include "kernels/nn/train_step.h"
#include "kernels/ops/half.h"
#include "kernels/ops/threading.h"
#include "kernels/plan/model_shape.h"

namespace winnow::nn {
namespace {

// 4,096 rows that the batches run through, so that gathering is not all in cache.
class Rows : public BatchSource {
 public:
  Rows(int32_t inputs, int32_t classes, const std::vector<int64_t>& vocabularies)
      : inputs_(inputs), classes_(classes), vocabularies_(vocabularies) {
    const RngStream random(1, "bench/rows");
    for (int64_t i = 0; i < kRows * inputs; ++i) {
      values_.push_back(static_cast<float>(2 * random.Uniform(static_cast<uint64_t>(i)) - 1));
    }
  }
  void Fill(int64_t begin, int64_t end, int, const BatchRows& out) const override {
    const auto fields = static_cast<int64_t>(vocabularies_.size());
    for (int64_t i = begin; i < end; ++i) {
      // Codes never come again in the next batch, as those of a very large field hardly do.
      for (int64_t f = 0; f < fields; ++f) {
        const uint64_t place = static_cast<uint64_t>(start + i) * 0x9E3779B97F4A7C15u;
        out.codes[(i - begin) * fields + f] =
            static_cast<int32_t>((place >> 20) % static_cast<uint64_t>(vocabularies_[f]));
      }
      const int64_t row = (start + i) % kRows;
      std::copy_n(&values_[row * inputs_], inputs_, out.dense + (i - begin) * out.dense_stride);
      out.target[i - begin] = static_cast<float>(row % std::max(classes_, 2));
      out.weight[i - begin] = 1.0f;
    }
  }
  int64_t start = 0;

 private:
  static constexpr int64_t kRows = 4096;
  const int32_t inputs_, classes_;
  const std::vector<int64_t> vocabularies_;
  std::vector<float> values_;
};

// kSparse and kDropped: 5 % of the blocks are kept, in the block-sparse and in the dense engine.
enum class Gate { kNone, kFeature, kBlock, kSparse, kDropped };

struct Case {
  std::string name;
  int32_t inputs;
  std::vector<int32_t> hidden;
  int32_t batch;
  Gate gate = Gate::kNone;
  float input_noise = 0, dropout = 0;
  int32_t outputs = 10;                    // 1: logistic loss
  bool half = false;                       // bf16
  std::vector<int64_t> vocabularies = {};  // of categorical fields before the numeric ones
  bool lazy_rows = true;
};

constexpr int32_t kDimension = 16;  // of embeddings

plan::ModelShape ShapeOf(const Case& c) {
  plan::ModelShape shape;
  int32_t column = 0;
  for (const int64_t vocabulary : c.vocabularies) {
    shape.fields.push_back({column++, true, 0, kDimension, vocabulary});
  }
  for (int32_t i = 0; i < c.inputs; ++i) shape.fields.push_back({column++, false, 0, 1, 0});
  shape.embedding_dimension = kDimension;
  shape.hidden_units = c.hidden;
  shape.outputs = c.outputs;
  plan::LayOut(shape);
  return shape;
}

CandidateSet CandidatesOf(const Case& c) {
  CandidateSet set;
  if (c.gate != Gate::kFeature && c.gate != Gate::kNone) {
    set.gate = GateKind::kBlock;
    set.grid = {0, c.inputs, c.hidden[0], 16, 16};
    if (c.gate == Gate::kSparse) set.grid.sparse_saving = 0.2;
    set.items.resize(static_cast<size_t>(set.grid.grid_rows()) * set.grid.grid_columns());
    return set;
  }
  for (int32_t i = 0; i < c.inputs + static_cast<int32_t>(c.vocabularies.size()); ++i) {
    Candidate candidate;
    candidate.columns = {i};
    set.items.push_back(candidate);
  }
  return set;
}

// Forward, weight gradient and, for all but the first layer, backward-data.
double FlopsPerStep(const Network& network, int32_t batch) {
  double flops = 0;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    flops +=
        2.0 * batch * static_cast<double>(network.layers()[l].weight_count()) * (l == 0 ? 2 : 3);
  }
  return flops;
}

void Step(benchmark::State& state, const Case& c) {
  const plan::ModelShape shape = ShapeOf(c);
  Network network = *Network::Create(shape);
  network.Init(1, "bench");
  const gates::WeightFold fold = *MakeFold(shape, CandidatesOf(c));
  ShardPool pool(static_cast<int>(state.range(0)), ops::UseOneThread);
  TrainStepOptions options;
  options.loss = c.outputs == 1 ? LossKind::kLogistic : LossKind::kSoftmax;
  options.batch_size = c.batch;
  options.input_noise = c.input_noise;
  options.dropout = c.dropout;
  options.half_products = c.half;
  options.optimizer.lazy_rows = c.lazy_rows;
  options.stream = "bench";
  if (c.half && !ops::HasHalfProducts()) {
    state.SkipWithError("this machine has no AVX-512 BF16");
    return;
  }
  const auto step = *TrainStep::Create(&network, &fold, options, &pool);
  Rows rows(c.inputs, shape.outputs, c.vocabularies);
  std::vector<float> mask, mask_gradient;
  if (c.gate != Gate::kNone) {
    mask.assign(fold.num_candidates, 1.0f);
    mask_gradient.resize(fold.num_candidates);
    const RngStream random(1, "bench/blocks");
    for (size_t b = 0; b < mask.size(); ++b) {
      const bool is_pruned = c.gate == Gate::kSparse || c.gate == Gate::kDropped;
      if (is_pruned && random.Uniform(b) > 0.05) mask[b] = 0.0f;
    }
  }
  StepInput input;
  input.rows = c.batch;
  input.learning_rate = 1e-4;
  input.weight_decay = 1.0;
  input.mask_gradient = mask_gradient;
  input.dropped_gradient = false;
  double loss = 0;
  for (auto _ : state) {
    // A mask that moves every step, as a selector's does.
    if (!mask.empty()) mask[input.step % mask.size()] *= 0.999f;
    input.mask = mask;
    const absl::StatusOr<double> result = step->Run(input, rows);
    if (!result.ok()) {
      state.SkipWithError(std::string(result.status().message()).c_str());
      break;
    }
    loss = *result;
    ++input.step;
    rows.start += c.batch;
  }
  // A loss of a random start on random labels: the result is checked, not only timed.
  if (!(loss > 0 && loss < 10)) state.SkipWithError("the loss is not plausible");
  state.SetItemsProcessed(state.iterations() * c.batch);
  state.counters["GFLOP/s"] = benchmark::Counter(FlopsPerStep(network, c.batch) * 1e-9,
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

const Case kCases[] = {
    {"784-67-10/256", 784, {67}, 256},
    {"784-67-10/256/feature_gate", 784, {67}, 256, Gate::kFeature},
    {"784-67-10/512", 784, {67}, 512},
    {"784-67-10/512/feature_gate", 784, {67}, 512, Gate::kFeature},
    {"784-67-10/512/feature_gate/bf16", 784, {67}, 512, Gate::kFeature, 0, 0, 10, true},
    {"429-512-256-1/2048", 429, {512, 256}, 2048, Gate::kNone, 0, 0, 1},
    {"429-512-256-1/2048/feature_gate", 429, {512, 256}, 2048, Gate::kFeature, 0, 0, 1},
    {"429-512-256-1/2048/feature_gate/bf16", 429, {512, 256}, 2048, Gate::kFeature, 0, 0, 1, true},
    {"784-400-400-10/128", 784, {400, 400}, 128},
    {"784-400-400-10/128/block_gate", 784, {400, 400}, 128, Gate::kBlock},
    {"784-400-400-10/128/block_gate/5_percent", 784, {400, 400}, 128, Gate::kSparse},
    {"784-400-400-10/128/block_gate/5_percent_dense", 784, {400, 400}, 128, Gate::kDropped},
    {"50-67-10/256", 50, {67}, 256},
    {"50-67-10/256/noise", 50, {67}, 256, Gate::kNone, 0.2f},
    {"50-67-10/256/noise_dropout", 50, {67}, 256, Gate::kNone, 0.2f, 0.2f},
    {"1M+10_rows-16-1/4096", 4, {16}, 4096, Gate::kNone, 0, 0, 1, false, {1'000'000, 10}},
    {"500k+10_rows-16-1/4096/all_rows",
     4,
     {16},
     4096,
     Gate::kNone,
     0,
     0,
     1,
     false,
     {500'000, 10},
     false},
};

}  // namespace
}  // namespace winnow::nn

int main(int argc, char** argv) {
  for (const auto& c : winnow::nn::kCases) {
    benchmark::RegisterBenchmark(c.name.c_str(), &winnow::nn::Step, c)
        ->Arg(1)
        ->Arg(2)
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
