// Time as an interface, so that tests step it.
#ifndef WINNOW_SERVER_BASE_CLOCK_H_
#define WINNOW_SERVER_BASE_CLOCK_H_

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace winnow::server {

// THREAD-SAFETY: every implementation may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;

  // Wall time, for stamps that people and files see. May jump.
  virtual absl::Time Now() const = 0;

  // Time since an arbitrary fixed point; never falls. Deadlines are computed from it.
  virtual absl::Duration Monotonic() const = 0;
};

class SystemClock final : public Clock {
 public:
  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
};

// Stands still until told to move.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time start = absl::FromUnixSeconds(1'700'000'000)) : now_(start) {}

  absl::Time Now() const override;
  absl::Duration Monotonic() const override;
  void Advance(absl::Duration by);

 private:
  mutable absl::Mutex mutex_;
  absl::Time now_ ABSL_GUARDED_BY(mutex_);
  absl::Duration monotonic_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_CLOCK_H_
