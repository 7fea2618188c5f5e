// From a CreateJob request to a job whose every default is fixed.
#ifndef WINNOW_SERVER_RPC_CREATE_JOB_H_
#define WINNOW_SERVER_RPC_CREATE_JOB_H_

#include "absl/status/statusor.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "winnow/v1/job_service.pb.h"

namespace winnow::rpc {

struct CreateJobAnswer {
  v1::Job job;
  bool replayed = false;  // an earlier request made it
};

// Checks, resolves against the dataset's profile, and queues; with validate_only all but the last.
// Errors: INVALID_FIELDS with every violation as a path relative to JobSpec; those of
// Scheduler::SubmitJob; DATASET_NOT_FOUND, DATASET_NOT_READY, TENANT_MISMATCH.
absl::StatusOr<CreateJobAnswer> CreateJob(const Deps& deps, const Caller& caller,
                                          const v1::CreateJobRequest& request);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_CREATE_JOB_H_
