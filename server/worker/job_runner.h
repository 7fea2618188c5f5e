// Runs one attempt of a job: from its assignment to the final report.
#ifndef WINNOW_SERVER_WORKER_JOB_RUNNER_H_
#define WINNOW_SERVER_WORKER_JOB_RUNNER_H_

#include "server/worker/session.h"

namespace winnow::worker {

// REQUIRES: the session's assignment is a job.
void RunJobAttempt(Session& session);

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_JOB_RUNNER_H_
