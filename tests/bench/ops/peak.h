// What this core can do, measured when the program starts: the denominators of the benches of ops.
#ifndef WINNOW_TESTS_BENCH_OPS_PEAK_H_
#define WINNOW_TESTS_BENCH_OPS_PEAK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "benchmark/benchmark.h"

namespace winnow::bench {

// All of one core, in time of the thread, best of many short runs: what other processes take does
// not count.
struct Peaks {
  double gflops = 0;       // fused multiply-adds of f32, two flops each
  double bf16_gflops = 0;  // vdpbf16ps, four flops a lane; 0 where the processor has none
  double read_gbs = 0;     // reading 256 MiB in order, GB/s
};

// Measured at the first call.
const Peaks& MachinePeaks();

// Counters "GFLOP/s" and "% peak" of an iteration of `flops`.
void CountFlops(benchmark::State& state, double flops, double peak_gflops);
// Counters "GB/s" and "% read" of an iteration that moves `bytes`.
void CountBytes(benchmark::State& state, double bytes);

// Uniform in [-1, 1), by name.
std::vector<float> RandomFloats(int64_t size, const std::string& name);
// Uniform in [0, limit), by name.
std::vector<int32_t> RandomCodes(int64_t size, int64_t limit, const std::string& name);

}  // namespace winnow::bench

#endif  // WINNOW_TESTS_BENCH_OPS_PEAK_H_
