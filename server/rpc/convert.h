// Resources between the plain structs of domain/ and the messages of the contract.
#ifndef WINNOW_SERVER_RPC_CONVERT_H_
#define WINNOW_SERVER_RPC_CONVERT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message_lite.h"
#include "google/protobuf/timestamp.pb.h"
#include "server/domain/dataset.h"
#include "server/domain/event.h"
#include "server/domain/job.h"
#include "winnow/internal/v1/records.pb.h"
#include "winnow/v1/artifact.pb.h"
#include "winnow/v1/dataset.pb.h"
#include "winnow/v1/job.pb.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::rpc {

google::protobuf::Timestamp TimeToProto(absl::Time time);

// The same bytes for equal messages of one build: maps are sorted.
std::string SerializeStable(const google::protobuf::MessageLite& message);

// Parses bytes that the store kept. DATA_LOSS DATA_CORRUPT names `what`.
absl::Status ParseStored(const std::string& bytes, const std::string& what,
                         google::protobuf::MessageLite* message);

// An etag is opaque to clients; ours is the revision.
std::string Etag(int64_t revision);
// OK when `etag` is empty or names the revision; ABORTED ETAG_MISMATCH.
absl::Status CheckEtag(const std::string& etag, int64_t revision, const std::string& name);

v1::Job::State StateToProto(domain::JobState state);
v1::Dataset::State StateToProto(domain::DatasetState state);

// How much of a resource is shown.
enum class View { kBasic, kFull };

// `attempts` are shown in the full view.
absl::StatusOr<v1::Job> JobToProto(const domain::Job& job, View view,
                                   const std::vector<domain::Attempt>& attempts = {});

absl::StatusOr<v1::Dataset> DatasetToProto(const domain::Dataset& dataset, View view,
                                           const std::optional<v1::ImportProgress>& progress);

v1::Artifact ArtifactToProto(const domain::JobName& job, const domain::Artifact& artifact);
// By the file's ending.
std::string MediaType(const std::string& artifact_id);

// A durable event of the log of `job`.
absl::StatusOr<v1::JobEvent> EventToProto(const domain::JobName& job,
                                          const domain::JobEvent& event);

// Roles as domain::DatasetFile keeps them: "train", "test", "labels".
std::string RoleText(v1::DatasetFile::Role role);
v1::DatasetFile::Role RoleFromText(const std::string& text);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_CONVERT_H_
