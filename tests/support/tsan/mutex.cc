// absl::Mutex for ThreadSanitizer. The distribution's Abseil is not instrumented: its locks are
// futex calls that the sanitizer does not see, and every guarded access looks like a race. These
// definitions stand in front of the library's, tell the sanitizer, and call it. Only in the preset
// "tsan".
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "absl/base/config.h"
#include "absl/synchronization/mutex.h"

namespace {

#define WINNOW_TEXT_OF(name) #name
#define WINNOW_EXPANDED_TEXT_OF(name) WINNOW_TEXT_OF(name)

// The library's own function. `name` is its mangled name behind the namespaces.
template <typename Function>
Function Next(const std::string& name) {
  const std::string inner = WINNOW_EXPANDED_TEXT_OF(ABSL_OPTION_INLINE_NAMESPACE_NAME);
  const std::string symbol = "_ZN4absl" + std::to_string(inner.size()) + inner + name;
  void* const found = ::dlsym(RTLD_NEXT, symbol.c_str());
  if (found == nullptr) {
    std::fprintf(stderr, "mutex.cc: this Abseil has no %s\n", symbol.c_str());
    std::abort();
  }
  return reinterpret_cast<Function>(found);
}

// Between the two the sanitizer ignores what this thread reads: conditions of others, too, which
// are evaluated inside of Lock and Unlock.
struct Locking {
  explicit Locking(absl::Mutex* mutex) : mutex(mutex) { __tsan_mutex_pre_lock(mutex, 0); }
  ~Locking() { __tsan_mutex_post_lock(mutex, 0, 0); }
  absl::Mutex* const mutex;
};
struct Unlocking {
  explicit Unlocking(absl::Mutex* mutex) : mutex(mutex) { __tsan_mutex_pre_unlock(mutex, 0); }
  ~Unlocking() { __tsan_mutex_post_unlock(mutex, 0); }
  absl::Mutex* const mutex;
};
// A wait gives the lock up and takes it again.
struct Waiting {
  explicit Waiting(absl::Mutex* mutex) : locking((Unlocking(mutex), mutex)) {}
  Locking locking;
};

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

void Mutex::Lock() {
  static const auto next = Next<void (*)(Mutex*)>("5Mutex4LockEv");
  const Locking locking(this);
  next(this);
}

void Mutex::Unlock() {
  static const auto next = Next<void (*)(Mutex*)>("5Mutex6UnlockEv");
  const Unlocking unlocking(this);
  next(this);
}

bool Mutex::TryLock() {
  static const auto next = Next<bool (*)(Mutex*)>("5Mutex7TryLockEv");
  __tsan_mutex_pre_lock(this, __tsan_mutex_try_lock);
  const bool locked = next(this);
  __tsan_mutex_post_lock(this, __tsan_mutex_try_lock | (locked ? 0 : __tsan_mutex_try_lock_failed),
                         0);
  return locked;
}

void Mutex::LockWhen(const Condition& condition) {
  static const auto next =
      Next<void (*)(Mutex*, const Condition&)>("5Mutex8LockWhenERKNS0_9ConditionE");
  const Locking locking(this);
  next(this, condition);
}

void Mutex::Await(const Condition& condition) {
  static const auto next =
      Next<void (*)(Mutex*, const Condition&)>("5Mutex5AwaitERKNS0_9ConditionE");
  const Waiting waiting(this);
  next(this, condition);
}

bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  static const auto next = Next<bool (*)(Mutex*, const Condition&, Duration)>(
      "5Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE");
  const Waiting waiting(this);
  return next(this, condition, timeout);
}

void CondVar::Wait(Mutex* mutex) {
  static const auto next = Next<void (*)(CondVar*, Mutex*)>("7CondVar4WaitEPNS0_5MutexE");
  const Waiting waiting(mutex);
  next(this, mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  static const auto next = Next<bool (*)(CondVar*, Mutex*, Duration)>(
      "7CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
  const Waiting waiting(mutex);
  return next(this, mutex, timeout);
}

ABSL_NAMESPACE_END
}  // namespace absl
