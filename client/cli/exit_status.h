// Exit statuses of the command: part of the contract.
#ifndef WINNOW_CLIENT_CLI_EXIT_STATUS_H_
#define WINNOW_CLIENT_CLI_EXIT_STATUS_H_

#include "absl/status/status.h"
#include "winnow/v1/job.pb.h"

namespace winnow::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitJobFailed = 1;    // the job failed or was cancelled, or was left running
inline constexpr int kExitRefused = 2;      // bad usage, bad input, refused request
inline constexpr int kExitUnreachable = 3;  // no server took the request

// Of a command that ended with an error.
int ExitStatusOf(const absl::Status& error);

// Of a command that followed a job to this state.
int ExitStatusOf(v1::Job::State state);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_EXIT_STATUS_H_
