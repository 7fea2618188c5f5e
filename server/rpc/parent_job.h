// The earlier job that a new one starts from.
#ifndef WINNOW_SERVER_RPC_PARENT_JOB_H_
#define WINNOW_SERVER_RPC_PARENT_JOB_H_

#include <string>

#include "absl/status/statusor.h"
#include "kernels/plan/parent_job.h"
#include "server/domain/job.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "winnow/internal/v1/records.pb.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::rpc {

struct Parent {
  domain::JobName name;
  plan::ParentJob job;                // for the plan
  internal::v1::ParentRecord record;  // its artifacts, frozen
};

// The job that `text` names, which must have SUCCEEDED and have its models. INVALID_ARGUMENT
// INVALID_NAME; PERMISSION_DENIED before anybody looks whether it exists; NOT_FOUND JOB_NOT_FOUND;
// FAILED_PRECONDITION PARENT_NOT_READY.
absl::StatusOr<Parent> FindParent(const Deps& deps, const Caller& caller, const std::string& text);

// The frozen artifacts where they lie. FAILED_PRECONDITION PARENT_GONE when one is gone or another.
absl::StatusOr<internal::v1::ParentJob> LocateParent(const Deps& deps,
                                                     const domain::JobName& parent,
                                                     const internal::v1::ParentRecord& record);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_PARENT_JOB_H_
