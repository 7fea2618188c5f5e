#include "server/ops/drain.h"

#include "server/base/log.h"

namespace winnow::ops_http {
namespace {

constexpr absl::Duration kPoll = absl::Milliseconds(20);

bool WaitForWorkers(const server::Clock& clock, const DrainSteps& steps, absl::Duration limit) {
  const absl::Duration deadline = clock.Monotonic() + limit;
  while (!steps.workers_left()) {
    if (clock.Monotonic() >= deadline) return false;
    steps.wait(kPoll);
  }
  return true;
}

}  // namespace

void Drain(const server::Clock& clock, const DrainSteps& steps, const DrainBudget& budget) {
  steps.refuse_new_work();
  steps.yield_workers();
  if (!WaitForWorkers(clock, steps, budget.workers)) {
    server::LogWarning("workers did not leave in time and are killed");
    steps.kill_workers();
    WaitForWorkers(clock, steps, budget.after_kill);
  }
  steps.end_watches();
  steps.stop_serving(budget.calls);
}

}  // namespace winnow::ops_http
