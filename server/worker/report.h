// Parts of the final reports: files with their checksums, errors with their reasons.
#ifndef WINNOW_SERVER_WORKER_REPORT_H_
#define WINNOW_SERVER_WORKER_REPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "google/rpc/status.pb.h"
#include "winnow/internal/v1/worker.pb.h"

namespace winnow::worker {

// Size and SHA-256 of a file that is already durable.
absl::StatusOr<internal::v1::ArtifactFile> DescribeFile(const std::string& path,
                                                        const std::string& media_type);

// Code and message; absl's codes are gRPC's.
google::rpc::Status ErrorToProto(const absl::Status& status);

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_REPORT_H_
