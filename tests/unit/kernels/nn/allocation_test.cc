// A step allocates nothing. Every operator new of this program is counted.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace {
std::atomic<int64_t> allocations{0};

void* Allocate(std::size_t size, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* memory = nullptr;
  if (posix_memalign(&memory, std::max(alignment, sizeof(void*)), size) != 0) std::abort();
  return memory;
}
}  // namespace

void* operator new(std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return Allocate(size, alignof(std::max_align_t)); }
// std::stable_sort and its like ask this way.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, alignof(std::max_align_t));
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return Allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace winnow::nn {
namespace {

TEST(AllocationTest, ThousandStepsAllocateNothing) {
  const plan::ModelShape shape = MakeShape("ncicn", {40, 20}, 1, 4);
  const CandidateSet candidates = FeatureCandidates(shape);
  Training training(shape, LossKind::kLogistic, 128, 2, &candidates, {});
  training.options.input_noise = 0.1f;
  training.options.dropout = 0.1f;
  training.Make();
  training.input.learning_rate = 1e-3;
  training.input.weight_decay = 1.0;
  const TestBatch batch = MakeBatch(shape, LossKind::kLogistic, 128, 1);
  ASSERT_OK(training.Run(batch));  // tables that are made at first use

  bool all_ok = true;
  const int64_t before = allocations.load();
  for (int step = 1; step <= 1000; ++step) {
    training.input.step = step;
    training.mask[step % training.mask.size()] = static_cast<float>(step % 3);
    all_ok = all_ok && training.Run(batch).ok();
  }
  const int64_t after = allocations.load();
  EXPECT_TRUE(all_ok);
  EXPECT_EQ(after - before, 0);
}

TEST(AllocationTest, CounterCounts) {
  const int64_t before = allocations.load();
  const std::vector<int> values(1000, 1);
  EXPECT_EQ(values[999], 1);
  EXPECT_EQ(allocations.load() - before, 1);
}

}  // namespace
}  // namespace winnow::nn
