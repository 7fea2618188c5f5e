#include "client/cli/exit_status.h"

#include "client/cpp/error.h"

namespace winnow::cli {

int ExitStatusOf(const absl::Status& error) {
  if (error.ok()) return kExitDone;
  if (error.code() == absl::StatusCode::kCancelled) return kExitJobFailed;  // Ctrl-C
  return client::IsUnreachable(error) ? kExitUnreachable : kExitRefused;
}

int ExitStatusOf(v1::Job::State state) {
  return state == v1::Job::STATE_SUCCEEDED ? kExitDone : kExitJobFailed;
}

}  // namespace winnow::cli
