// oneDNN's OpenMP run-time is looked up at run time, so that this library need not know which one
// (libgomp, libomp) oneDNN was built with.
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>

#include "kernels/ops/threading.h"
#include "oneapi/dnnl/dnnl.h"

namespace winnow::ops {
namespace {

[[noreturn]] void Refuse(const char* reason) {
  std::fprintf(stderr, "winnow: oneDNN cannot be kept to one thread: %s\n", reason);
  std::abort();
}

// Null when oneDNN was built without threads.
template <typename Function>
Function* FindOpenMp(const char* name) {
  const unsigned runtime = dnnl_version()->cpu_runtime;
  if (runtime == DNNL_RUNTIME_SEQ) return nullptr;
  if (runtime != DNNL_RUNTIME_OMP) Refuse("it was built for a run-time other than OpenMP");
  void* symbol = dlsym(RTLD_DEFAULT, name);
  if (symbol == nullptr) Refuse("its OpenMP run-time is not loaded");
  return reinterpret_cast<Function*>(symbol);
}

void SetThreadLimit(int threads) {
  static auto* const set_num_threads = FindOpenMp<void(int)>("omp_set_num_threads");
  if (set_num_threads != nullptr) set_num_threads(threads);
}

}  // namespace

int ThreadLimit() {
  static auto* const get_max_threads = FindOpenMp<int()>("omp_get_max_threads");
  return get_max_threads == nullptr ? 1 : get_max_threads();
}

void SetThreadLimitForTest(int threads) { SetThreadLimit(threads); }

void UseOneThread() {
  SetThreadLimit(1);
  if (ThreadLimit() != 1) Refuse("omp_set_num_threads(1) had no effect");
}

}  // namespace winnow::ops
