// How the scheduler reaches a running worker; implemented by the worker service in rpc. The only
// call that runs upward, and so declared here.
#ifndef WINNOW_SERVER_SCHED_ATTEMPT_CONTROL_H_
#define WINNOW_SERVER_SCHED_ATTEMPT_CONTROL_H_

#include "server/domain/names.h"

namespace winnow::sched {

// Each call hands one command to the attempt's worker, if it is attached; one that attaches later
// is told through its AttachReply. Must not block and must not call the scheduler back on the same
// thread. THREAD-SAFETY: any thread.
class AttemptControl {
 public:
  virtual ~AttemptControl() = default;

  virtual void Cancel(const domain::AttemptId& attempt) = 0;  // end now, keep nothing
  virtual void Stop(const domain::AttemptId& attempt) = 0;  // finish the step, keep the best so far
  virtual void Yield(const domain::AttemptId& attempt) = 0;  // checkpoint and leave
};

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_ATTEMPT_CONTROL_H_
