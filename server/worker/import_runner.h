// Imports and schema inference: the assignments that read raw files.
#ifndef WINNOW_SERVER_WORKER_IMPORT_RUNNER_H_
#define WINNOW_SERVER_WORKER_IMPORT_RUNNER_H_

#include "server/worker/session.h"

namespace winnow::worker {

// Each runs its assignment and sends the final report. REQUIRES: the session's assignment is of
// that kind.
void RunImport(Session& session);
void RunInference(Session& session);

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_IMPORT_RUNNER_H_
