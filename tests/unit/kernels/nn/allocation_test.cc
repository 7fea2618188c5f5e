// A step allocates nothing and takes no lock: every malloc and its like, and every mutex, of all
// threads and all libraries of this program is counted.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/ops/half.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define WINNOW_COUNTS_CALLS 0  // a sanitizer has an allocator and locks of its own
#else
#define WINNOW_COUNTS_CALLS 1
#endif

namespace {
std::atomic<int64_t> allocations{0};
std::atomic<int64_t> locks{0};

void Count(std::atomic<int64_t>& counter) { counter.fetch_add(1, std::memory_order_relaxed); }
}  // namespace

#if WINNOW_COUNTS_CALLS
// The names that glibc gives to what is replaced here.
extern "C" {
void* __libc_malloc(size_t size);
void* __libc_calloc(size_t count, size_t size);
void* __libc_realloc(void* memory, size_t size);
void* __libc_memalign(size_t alignment, size_t size);

void* malloc(size_t size) noexcept {
  Count(allocations);
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) noexcept {
  Count(allocations);
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) noexcept {
  Count(allocations);
  return __libc_realloc(memory, size);
}
void* memalign(size_t alignment, size_t size) noexcept {
  Count(allocations);
  return __libc_memalign(alignment, size);
}
void* aligned_alloc(size_t alignment, size_t size) noexcept { return memalign(alignment, size); }
int posix_memalign(void** memory, size_t alignment, size_t size) noexcept {
  *memory = memalign(alignment, size);
  return *memory == nullptr ? 12 : 0;  // ENOMEM
}
int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
  Count(locks);
  using Lock = int(pthread_mutex_t*);
  static std::atomic<Lock*> next{nullptr};  // needs no lock of its own
  if (next == nullptr) next = reinterpret_cast<Lock*>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return next.load()(mutex);
}
}  // extern "C"
#endif

namespace winnow::nn {
namespace {

struct Case {
  std::string name;
  enum { kPlain, kFeatures, kSparseBlocks } gate;
  int threads;
  bool dlrm = false;
  bool half = false;  // bf16

  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

// Returns when every thread of the pool has started and run something.
void AwaitThreads(ShardPool& pool) {
  std::atomic<int> arrived{0};
  const int threads = pool.threads();
  pool.Run(threads, [&](int, int) {
    ++arrived;
    while (arrived < threads) std::this_thread::yield();
  });
}

class AllocationTest : public ::testing::TestWithParam<Case> {};

TEST_P(AllocationTest, ThousandStepsAllocateAndLockNothing) {
  if (!WINNOW_COUNTS_CALLS) GTEST_SKIP() << "calls cannot be counted in this build";
  if (GetParam().half && !ops::HasHalfProducts()) GTEST_SKIP() << "no AVX-512 BF16 here";
  const plan::ModelShape shape =
      GetParam().dlrm ? MakeDlrm("ncicncc", plan::Interaction::kDot, {20, 4}, {40, 20}, 1, 4)
                      : MakeShape("ncicn", {40, 20}, 1, 4);
  const bool is_gated = GetParam().gate != Case::kPlain;
  CandidateSet candidates = GetParam().gate == Case::kSparseBlocks
                                ? BlockCandidates(shape, 1, 8, 16)
                                : FeatureCandidates(shape);
  candidates.grid.sparse_saving = 0.2;
  Training training(shape, LossKind::kLogistic, 256, GetParam().threads,
                    is_gated ? &candidates : nullptr, {});
  training.input.dropped_gradient = false;
  training.options.input_noise = 0.1f;
  training.options.dropout = 0.1f;
  training.options.half_products = GetParam().half;
  training.Make();
  training.input.learning_rate = 1e-3;
  training.input.weight_decay = 1.0;
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 256, 1);
  const TestBatch small = MakeBatch(shape, LossKind::kLogistic, 77, 1);
  AwaitThreads(training.pool);
  ASSERT_OK(training.Run(batch));  // tables that are made at first use

  bool all_ok = true;
  const int64_t allocations_before = allocations.load(), locks_before = locks.load();
  for (int step = 1; step <= 1000; ++step) {
    training.input.step = step;
    // The mask moves, and stands still.
    if (is_gated) training.mask[step / 2 % training.mask.size()] = static_cast<float>(step % 3);
    all_ok = all_ok && training.Run(step % 10 == 0 ? small : batch).ok();
  }
  const int64_t allocated = allocations.load() - allocations_before;
  const int64_t locked = locks.load() - locks_before;
  EXPECT_TRUE(all_ok);
  EXPECT_EQ(allocated, 0);
  EXPECT_EQ(locked, 0);
}

INSTANTIATE_TEST_SUITE_P(Steps, AllocationTest,
                         ::testing::Values(Case{"Plain1Thread", Case::kPlain, 1},
                                           Case{"Plain3Threads", Case::kPlain, 3},
                                           Case{"Gated1Thread", Case::kFeatures, 1},
                                           Case{"Gated3Threads", Case::kFeatures, 3},
                                           Case{"SparseBlocks3Threads", Case::kSparseBlocks, 3},
                                           Case{"Dlrm3Threads", Case::kFeatures, 3, true},
                                           Case{"Half3Threads", Case::kFeatures, 3, false, true}),
                         [](const auto& info) { return info.param.name; });

TEST(AllocationCheckTest, CountersCount) {
  if (!WINNOW_COUNTS_CALLS) GTEST_SKIP() << "calls cannot be counted in this build";
  const int64_t before = allocations.load(), locks_before = locks.load();
  const std::vector<int> values(1000, 1);
  EXPECT_EQ(values[999], 1);
  std::free(std::aligned_alloc(64, 64));
  EXPECT_EQ(allocations.load() - before, 2);
  std::mutex mutex;
  { const std::lock_guard<std::mutex> hold(mutex); }
  EXPECT_EQ(locks.load() - locks_before, 1);
}

}  // namespace
}  // namespace winnow::nn
