// Named points where a test makes the running program die or fail:
//   WINNOW_FAILPOINT=store.after_commit:kill          die by SIGKILL at the first hit
//   WINNOW_FAILPOINT=store.after_commit:kill:7        at the seventh hit
//   WINNOW_FAILPOINT=upload.sync:error,launch.spawn:error
// Compiled in always; one relaxed atomic load when none is set.
#ifndef WINNOW_SERVER_BASE_FAILPOINTS_H_
#define WINNOW_SERVER_BASE_FAILPOINTS_H_

#include <atomic>
#include <string>

#include "absl/status/status.h"

namespace winnow::server {

// Replaces the whole set; an empty text clears it. INVALID_ARGUMENT names the bad entry.
absl::Status SetFailpoints(const std::string& text);

// SetFailpoints from the environment. Call once in main.
absl::Status SetFailpointsFromEnvironment();

namespace internal {
extern std::atomic<bool> any_failpoint;
absl::Status HitFailpoint(const char* name);
}  // namespace internal

// OK, or the planned error (INTERNAL, "failpoint <name>"); does not return from a planned kill.
inline absl::Status Failpoint(const char* name) {
  if (!internal::any_failpoint.load(std::memory_order_relaxed)) return absl::OkStatus();
  return internal::HitFailpoint(name);
}

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_FAILPOINTS_H_
