// The dense products by oneDNN's primitives, for comparison with those of dense_bench.cc: weights
// packed in the layout oneDNN asks for, made once, scratch memory of the caller, one thread.
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "benchmark/benchmark.h"
#include "kernels/ops/simd.h"
#include "kernels/ops/threading.h"
#include "oneapi/dnnl/dnnl.hpp"
#include "tests/bench/ops/peak.h"

namespace winnow::bench {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

const dnnl::engine& Cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

// C [m x n] = A [m x k] B [k x n]; oneDNN 3 has no operation descriptors.
dnnl::matmul::primitive_desc Describe(const memory::desc& a, const memory::desc& b,
                                      const memory::desc& c) {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::matmul::primitive_desc(Cpu(), a, b, c, attributes);
#else
  return dnnl::matmul::primitive_desc(dnnl::matmul::desc(a, b, c), attributes, Cpu());
#endif
}

// One product with everything that can be prepared, prepared.
class Product {
 public:
  // `pack`: B in oneDNN's own layout; else, and A, as the tags say.
  Product(int64_t m, int64_t n, int64_t k, Tag a_tag, Tag b_tag, bool pack)
      : a_(RandomFloats(m * k, "a")), b_(RandomFloats(k * n, "b")), c_(m * n), stream_(Cpu()) {
    constexpr auto kFloat = memory::data_type::f32;
    const memory::desc a({m, k}, kFloat, a_tag), b({k, n}, kFloat, b_tag),
        c({m, n}, kFloat, Tag::ab);
    const memory::desc any({k, n}, kFloat, Tag::any);
    const auto description = Describe(a, pack ? any : b, c);
    memory plain(b, Cpu(), b_.data());
    packed_ = memory(description.weights_desc(), Cpu());
    dnnl::reorder(plain, packed_).execute(stream_, plain, packed_);
    scratch_.resize(description.scratchpad_desc().get_size() + 1);
    primitive_ = dnnl::matmul(description);
    arguments_ = {
        {DNNL_ARG_SRC, memory(a, Cpu(), a_.data())},
        {DNNL_ARG_WEIGHTS, packed_},
        {DNNL_ARG_DST, memory(c, Cpu(), c_.data())},
        {DNNL_ARG_SCRATCHPAD, memory(description.scratchpad_desc(), Cpu(), scratch_.data())}};
    stream_.wait();
  }
  void Run() { primitive_.execute(stream_, arguments_); }

 private:
  std::vector<float> a_, b_, c_;
  dnnl::stream stream_;
  memory packed_;
  std::vector<uint8_t> scratch_;
  dnnl::matmul primitive_;
  std::unordered_map<int, memory> arguments_;
};

void Measure(benchmark::State& state, int64_t m, int64_t n, int64_t k, Tag a, Tag b, bool pack) {
  ops::UseOneThread();
  Product product(m, n, k, a, b, pack);
  for (auto _ : state) product.Run();
  CountFlops(state, 2.0 * static_cast<double>(m * n * k), MachinePeaks().gflops);
}

// Arguments as in dense_bench.cc: rows, inputs, outputs.
void OneDnnForward(benchmark::State& state) {
  Measure(state, state.range(0), state.range(2), state.range(1), Tag::ab, Tag::ab, true);
}
void OneDnnBackwardData(benchmark::State& state) {
  Measure(state, state.range(0), state.range(1), state.range(2), Tag::ab, Tag::ba, true);
}
void OneDnnWeightGradient(benchmark::State& state) {
  Measure(state, state.range(1), state.range(2), state.range(0), Tag::ba, Tag::ab, false);
}

void Shapes(benchmark::internal::Benchmark* bench) {
  for (const int64_t rows : {64, 512, 2048}) {
    bench->Args({rows, 784, 67})->Args({rows, 429, 512})->Args({rows, 512, 256});
    bench->Args({rows, 1024, 1024});
  }
  bench->Unit(benchmark::kMicrosecond);
}

BENCHMARK(OneDnnForward)->Apply(Shapes);
BENCHMARK(OneDnnBackwardData)->Apply(Shapes);
BENCHMARK(OneDnnWeightGradient)->Apply(Shapes);

}  // namespace
}  // namespace winnow::bench
