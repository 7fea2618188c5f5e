#include "kernels/base/shard_pool.h"

#include <atomic>
#include <chrono>
#include <new>
#include <numeric>
#include <thread>
#include <vector>

namespace winnow {
namespace {

// Measured on a two-core machine, step of 0.4 ms: 0 pauses .479 ms, 4,000 .412 ms, 400,000 .406 ms;
// with one core taken by another program .88, 1.03, 1.67 ms.
constexpr int kSpinPauses = 4000;

// A ticket holds the whole state of a run in one word, so that a thread that comes late claims from
// the run that is current and never mixes two: bits 0-31 index of the next task, 32-63 number of
// tasks. Late threads push the index past the number; the next run sets it anew.
constexpr uint64_t MakeTicket(int num_tasks) { return static_cast<uint64_t>(num_tasks) << 32; }

inline void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits until `value` is no longer `old`: spins, then sleeps on a futex.
void AwaitChange(const std::atomic<int32_t>& value, int32_t old) {
  for (int i = 0; i < kSpinPauses; ++i) {
    if (value.load(std::memory_order_acquire) != old) return;
    Pause();
  }
  value.wait(old, std::memory_order_acquire);
}

// xorshift64* (Vigna 2016, doi:10.1145/2845077), for the stress mode only.
uint64_t NextRandom(uint64_t& state) {
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state * 0x2545F4914F6CDD1Dull;
}

void RandomDelay(uint64_t& state) {
  const uint64_t draw = NextRandom(state) >> 32;
  if (draw % 64 == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  } else if (draw % 4 == 0) {
    std::this_thread::yield();
  } else {
    for (uint64_t i = 0; i < draw % 512; ++i) Pause();
  }
}

// Keeps what one thread writes off the cache lines that others read.
constexpr size_t kLine = 64;

}  // namespace

struct ShardPool::Impl {
  // Written by Run before the ticket is set; read by threads that hold a valid claim of that run,
  // which cannot end before they are done.
  const Task* task = nullptr;
  uint64_t order_factor = 1, order_offset = 0;  // stress mode: task = (factor i + offset) mod n
  Stress stress;
  uint64_t caller_random = 1;

  alignas(kLine) std::atomic<uint64_t> ticket{0};
  alignas(kLine) std::atomic<int32_t> unfinished{0};
  alignas(kLine) std::atomic<int32_t> epoch{0};  // raised at every run
  std::atomic<bool> stop{false};
  std::vector<std::thread> workers;

  ~Impl() {
    stop.store(true, std::memory_order_relaxed);
    epoch.fetch_add(1, std::memory_order_release);
    epoch.notify_all();
    for (std::thread& worker : workers) worker.join();
  }

  void Execute(uint32_t index, uint32_t num_tasks, int thread, uint64_t& random) {
    uint64_t task_index = index;
    if (stress.enabled) {
      task_index = (order_factor * index + order_offset) % num_tasks;
      RandomDelay(random);
    }
    (*task)(static_cast<int>(task_index), thread);
    if (unfinished.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished.notify_one();
  }

  // Claims and runs tasks until there are none left.
  void Work(int thread, uint64_t& random) {
    for (;;) {
      const uint64_t claim = ticket.fetch_add(1, std::memory_order_acq_rel);
      const auto num_tasks = static_cast<uint32_t>(claim >> 32);
      const auto index = static_cast<uint32_t>(claim);
      if (index >= num_tasks) return;
      Execute(index, num_tasks, thread, random);
    }
  }

  void WorkerLoop(int thread) {
    uint64_t random = (stress.seed + 0x9E3779B97F4A7C15ull * static_cast<uint64_t>(thread)) | 1;
    int32_t seen = 0;
    for (;;) {
      AwaitChange(epoch, seen);
      seen = epoch.load(std::memory_order_acquire);
      if (stop.load(std::memory_order_relaxed)) return;
      Work(thread, random);
    }
  }

  void ShuffleOrder(int num_tasks) {
    const auto n = static_cast<uint64_t>(num_tasks);
    order_offset = NextRandom(caller_random) % n;
    do {
      order_factor = 1 + NextRandom(caller_random) % n;
    } while (std::gcd(order_factor, n) != 1);
  }
};

ShardPool::ShardPool(int threads, std::function<void()> thread_start, Stress stress)
    : impl_(std::make_unique<Impl>()) {
  impl_->stress = stress;
  impl_->caller_random = stress.seed | 1;  // xorshift needs a state other than 0
  if (thread_start) thread_start();
  impl_->workers.reserve(static_cast<size_t>(threads) - 1);
  for (int thread = 1; thread < threads; ++thread) {
    impl_->workers.emplace_back([impl = impl_.get(), thread, thread_start] {
      if (thread_start) thread_start();
      impl->WorkerLoop(thread);
    });
  }
}

ShardPool::~ShardPool() = default;

int ShardPool::threads() const { return static_cast<int>(impl_->workers.size()) + 1; }

void ShardPool::Run(int num_tasks, Task task) {
  if (num_tasks <= 0) return;
  Impl& impl = *impl_;
  if (impl.stress.enabled) impl.ShuffleOrder(num_tasks);
  if (impl.workers.empty() || (num_tasks == 1 && !impl.stress.enabled)) {
    impl.task = &task;
    impl.unfinished.store(num_tasks, std::memory_order_relaxed);
    for (int i = 0; i < num_tasks; ++i) {
      impl.Execute(static_cast<uint32_t>(i), static_cast<uint32_t>(num_tasks), 0,
                   impl.caller_random);
    }
    return;
  }
  impl.task = &task;
  impl.unfinished.store(num_tasks, std::memory_order_relaxed);
  impl.ticket.store(MakeTicket(num_tasks), std::memory_order_release);
  impl.epoch.fetch_add(1, std::memory_order_release);
  impl.epoch.notify_all();
  impl.Work(0, impl.caller_random);
  for (int32_t left = impl.unfinished.load(std::memory_order_acquire); left != 0;
       left = impl.unfinished.load(std::memory_order_acquire)) {
    AwaitChange(impl.unfinished, left);
  }
}

}  // namespace winnow
