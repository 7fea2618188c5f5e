// Shutting down on purpose: a polite crash within a budget. Correctness never depends on it.
#ifndef WINNOW_SERVER_OPS_DRAIN_H_
#define WINNOW_SERVER_OPS_DRAIN_H_

#include <functional>

#include "absl/time/time.h"
#include "server/base/clock.h"

namespace winnow::ops_http {

// In the order in which Drain calls them.
struct DrainSteps {
  std::function<void()> refuse_new_work;             // health NOT_SERVING, new work UNAVAILABLE
  std::function<void()> yield_workers;               // checkpoint and leave
  std::function<bool()> workers_left;                // none runs any more
  std::function<void()> kill_workers;                // those that did not leave in time
  std::function<void()> end_watches;                 // UNAVAILABLE DRAINING
  std::function<void(absl::Duration)> stop_serving;  // waits at most so long for calls
  std::function<void(absl::Duration)> wait;          // sleeps
};

// Kubernetes kills 30 s after SIGTERM.
struct DrainBudget {
  absl::Duration workers = absl::Seconds(19);
  absl::Duration after_kill = absl::Seconds(1);
  absl::Duration calls = absl::Seconds(2);
};

void Drain(const server::Clock& clock, const DrainSteps& steps, const DrainBudget& budget = {});

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_DRAIN_H_
