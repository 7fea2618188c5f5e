// The three products of a dense layer. Arguments: rows, inputs, outputs. At most kLanes outputs are
// the heads: logistic or squared (1), small softmax (10).
#include <cstdint>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/ops/dense.h"
#include "kernels/ops/packed_matrix.h"
#include "kernels/ops/simd.h"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

// A row block of a step, a batch of a click model, and odd sizes.
void Shapes(benchmark::internal::Benchmark* bench) {
  for (const int64_t rows : {64, 512, 2048}) {
    bench->Args({rows, 784, 67})->Args({rows, 429, 512})->Args({rows, 512, 256});
    bench->Args({rows, 1024, 1024})->Args({rows, 67, 10})->Args({rows, 256, 1});
  }
  bench->Args({349, 67, 33})->Unit(benchmark::kMicrosecond);
}

struct Layer {
  explicit Layer(const benchmark::State& state)
      : rows(state.range(0)),
        inputs(state.range(1)),
        outputs(state.range(2)),
        ldx(ops::RoundUpToLanes(inputs)),
        ldz(ops::RoundUpToLanes(outputs)),
        // Kernels read whole vectors past the last row.
        x(RandomFloats(rows * ldx + ops::kLanes, "x")),
        w(RandomFloats(inputs * outputs + ops::kLanes, "w")),
        z(RandomFloats(rows * ldz + ops::kLanes, "z")) {}
  double flops() const { return 2.0 * static_cast<double>(rows * inputs * outputs); }
  const int64_t rows, inputs, outputs, ldx, ldz;
  std::vector<float> x, w, z;
};

// Weights packed beforehand, bias and rectifier at the end, as a training step does it.
void DenseForward(benchmark::State& state) {
  Layer l(state);
  ops::PackedMatrix packed = *ops::PackedMatrix::Create(l.inputs, l.outputs);
  packed.PackRows(0, l.inputs, l.w.data(), l.outputs);
  const ops::ProductEnd end = {.bias = l.w.data(), .relu = true};
  for (auto _ : state) packed.Multiply(l.rows, l.x.data(), l.ldx, l.z.data(), l.ldz, end);
  CountFlops(state, l.flops(), MachinePeaks().gflops);
}

void DenseBackwardData(benchmark::State& state) {
  Layer l(state);
  ops::PackedMatrix packed = *ops::PackedMatrix::Create(l.outputs, l.inputs);
  packed.PackColumns(0, l.inputs, l.w.data(), l.outputs);
  for (auto _ : state) packed.Multiply(l.rows, l.z.data(), l.ldz, l.x.data(), l.ldx, {});
  CountFlops(state, l.flops(), MachinePeaks().gflops);
}

// What packing costs: once a layer, direction and step that changed the weights.
void DensePack(benchmark::State& state) {
  Layer l(state);
  ops::PackedMatrix packed = *ops::PackedMatrix::Create(l.inputs, l.outputs);
  for (auto _ : state) packed.PackRows(0, l.inputs, l.w.data(), l.outputs);
  CountBytes(state, static_cast<double>(l.inputs * l.outputs * 2 * sizeof(float)));
}

void DenseWeightGradient(benchmark::State& state) {
  Layer l(state);
  std::vector<float> g(l.w.size());
  for (auto _ : state) {
    ops::DenseWeightGradient(l.rows, l.inputs, l.outputs, l.x.data(), l.ldx, l.z.data(), l.ldz,
                             g.data());
  }
  CountFlops(state, l.flops(), MachinePeaks().gflops);
}

BENCHMARK(DenseForward)->Apply(Shapes);
BENCHMARK(DenseBackwardData)->Apply(Shapes);
BENCHMARK(DenseWeightGradient)->Apply(Shapes);
BENCHMARK(DensePack)->Args({1, 784, 67})->Args({1, 512, 256})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace winnow::bench
