// Block-sparse products against the dense ones of the same shape: rows M = 512, inputs = outputs =
// 1,024, f32, one thread, blocks kept at random.
//
//   bench_block_sparse [--benchmark_filter=forward]
// Dense and sparse alternate within each benchmark and are measured in time of the thread, so that
// a busy machine slows both alike; figures are medians. Columns: ms of the sparse product,
// dense_ms, x = dense / sparse, and limit = the share of the density limit, density x dense /
// sparse. `layer` is forward, backward data, weight gradient and the copy of the kept weights into
// lists, together.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/rng.h"
#include "kernels/ops/block_sparse.h"
#include "kernels/ops/dense.h"
#include "kernels/ops/packed_matrix.h"
#include "kernels/ops/threading.h"

namespace winnow::ops {
namespace {

constexpr int32_t kRows = 512, kInputs = 1024, kOutputs = 1024;
// Rows of a block of the training step.
constexpr int32_t kBlockRows = 64;

enum Product { kForward, kBackwardData, kWeightGradient, kLayer };

AlignedBuffer<float> Random(int64_t size, const std::string& name) {
  AlignedBuffer<float> buffer = *AlignedBuffer<float>::Create(size);
  const RngStream random(1, name);
  for (int64_t i = 0; i < size; ++i) {
    buffer[i] = static_cast<float>(2 * random.Uniform(static_cast<uint64_t>(i)) - 1);
  }
  return buffer;
}

class Layer {
 public:
  Layer(int32_t block, double sparsity)
      : shape_{kInputs, kOutputs, block, block}, weights_(*BlockSparseWeights::Create(shape_)) {
    const auto blocks = static_cast<size_t>(shape_.grid_rows()) * shape_.grid_columns();
    std::vector<std::pair<uint32_t, size_t>> order;
    const RngStream random(1, "bench/mask");
    for (size_t b = 0; b < blocks; ++b) order.emplace_back(random.Block(b)[0], b);
    std::sort(order.begin(), order.end());
    mask_.assign(blocks, 0.0f);
    const auto kept = static_cast<size_t>(std::llround((1 - sparsity) * blocks));
    for (size_t i = 0; i < kept; ++i) mask_[order[i].second] = 1.0f;
    density = static_cast<double>(kept) / static_cast<double>(blocks);
    weights_.SetPattern(mask_);
    SetValues();
    PackDense();
    g_ = *AlignedBuffer<float>::Create(static_cast<int64_t>(kInputs) * kOutputs);
  }

  void Sparse(Product product) {
    if (product == kLayer) SetValues();
    for (int64_t i = 0; i < kRows; i += kBlockRows) {
      if (product == kForward || product == kLayer) {
        weights_.Forward(kBlockRows, &x_[i * kStride], kStride, &z_[i * kStride], kStride);
      }
      if (product == kBackwardData || product == kLayer) {
        weights_.BackwardData(kBlockRows, &dz_[i * kStride], kStride, &dx_[i * kStride], kStride);
      }
    }
    if (product == kForward || product == kBackwardData) return;
    for (int32_t p = 0; p < shape_.grid_rows(); ++p) {
      weights_.WeightGradient(p, kRows, x_.data(), kStride, dz_.data(), kStride, g_.data());
    }
  }
  void Dense(Product product) {
    if (product == kLayer) PackDense();
    for (int64_t i = 0; i < kRows; i += kBlockRows) {
      if (product == kForward || product == kLayer) {
        forward_.Multiply(kBlockRows, &x_[i * kStride], kStride, &z_[i * kStride], kStride, {});
      }
      if (product == kBackwardData || product == kLayer) {
        backward_.Multiply(kBlockRows, &dz_[i * kStride], kStride, &dx_[i * kStride], kStride, {});
      }
    }
    if (product == kForward || product == kBackwardData) return;
    // The tiles of the training step.
    for (int32_t k = 0; k < kInputs; k += kBlockRows) {
      DenseWeightGradient(kRows, kBlockRows, kOutputs, &x_[k], kStride, dz_.data(), kStride,
                          g_.data());
    }
  }

  double density = 0;

 private:
  static constexpr int64_t kStride = kInputs + 16;  // PaddedStride

  void SetValues() {
    for (int32_t p = 0; p < shape_.grid_rows(); ++p) weights_.SetValues(p, mask_, w_.data());
  }

  void PackDense() {
    forward_.PackRows(0, kInputs, w_.data(), kOutputs);
    backward_.PackColumns(0, kInputs, w_.data(), kOutputs);
  }

  const BlockShape shape_;
  BlockSparseWeights weights_;
  PackedMatrix forward_ = *PackedMatrix::Create(kInputs, kOutputs);
  PackedMatrix backward_ = *PackedMatrix::Create(kOutputs, kInputs);
  std::vector<float> mask_;
  AlignedBuffer<float> w_ = Random(static_cast<int64_t>(kInputs) * kOutputs, "w");
  AlignedBuffer<float> x_ = Random(kRows * kStride + 16, "x");
  AlignedBuffer<float> dz_ = Random(kRows * kStride + 16, "dz");
  AlignedBuffer<float> z_ = Random(kRows * kStride + 16, "z");
  AlignedBuffer<float> dx_ = Random(kRows * kStride + 16, "dx");
  AlignedBuffer<float> g_;
};

double Median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<int64_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

double ThreadSeconds() {
  timespec now = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

template <typename Run>
double Seconds(const Run& run) {
  const double begin = ThreadSeconds();
  run();
  return ThreadSeconds() - begin;
}

void Compare(benchmark::State& state, Product product, int32_t block, double sparsity) {
  UseOneThread();
  Layer layer(block, sparsity);
  std::vector<double> sparse, dense;
  for (auto _ : state) {
    layer.Dense(product);
    dense.push_back(Seconds([&] { layer.Dense(product); }));
    layer.Sparse(product);
    sparse.push_back(Seconds([&] { layer.Sparse(product); }));
    state.SetIterationTime(sparse.back());
  }
  const double sparse_s = Median(sparse), dense_s = Median(dense);
  state.counters["ms"] = 1e3 * sparse_s;
  state.counters["dense_ms"] = 1e3 * dense_s;
  state.counters["x"] = dense_s / sparse_s;
  state.counters["limit"] = layer.density * dense_s / sparse_s;
}

}  // namespace
}  // namespace winnow::ops

int main(int argc, char** argv) {
  using winnow::ops::Product;
  const std::pair<const char*, Product> products[] = {
      {"forward", winnow::ops::kForward},
      {"backward_data", winnow::ops::kBackwardData},
      {"weight_gradient", winnow::ops::kWeightGradient},
      {"layer", winnow::ops::kLayer}};
  for (const auto& [name, product] : products) {
    for (const int block : {16, 32, 64}) {
      for (const int percent : {0, 15, 25, 50, 75, 90, 95}) {
        const std::string title = std::string(name) + "/block:" + std::to_string(block) +
                                  "/sparsity:" + std::to_string(percent);
        benchmark::RegisterBenchmark(title.c_str(), &winnow::ops::Compare, product, block,
                                     percent / 100.0)
            ->Unit(benchmark::kMillisecond)
            ->Iterations(30)
            ->UseManualTime();
      }
    }
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
}
