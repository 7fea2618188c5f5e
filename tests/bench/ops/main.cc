// Every op of a training step alone, on one thread, in time of the thread.
//
//   bench_ops [--benchmark_filter=Dense|Half|Embedding|Loss|Interaction]
//
// "% peak": of the multiply-adds that this core was measured to do; "% read": of the bandwidth at
// which it was measured to read memory in order. Both are measured at the start and printed.
#include <cstdio>

#include "benchmark/benchmark.h"
#include "kernels/ops/threading.h"
#include "tests/bench/ops/peak.h"

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  winnow::ops::UseOneThread();
  const winnow::bench::Peaks& peaks = winnow::bench::MachinePeaks();
  std::printf("one core: %.0f GFLOP/s f32, %.0f GFLOP/s bf16, reads %.1f GB/s\n", peaks.gflops,
              peaks.bf16_gflops, peaks.read_gbs);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
