#include "server/rpc/convert.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {

google::protobuf::Timestamp TimeToProto(absl::Time time) {
  const int64_t micros = absl::ToUnixMicros(time);
  int64_t seconds = micros / 1'000'000;
  int64_t rest = micros % 1'000'000;
  if (rest < 0) {
    --seconds;
    rest += 1'000'000;
  }
  google::protobuf::Timestamp to;
  to.set_seconds(seconds);
  to.set_nanos(static_cast<int32_t>(rest * 1000));
  return to;
}

std::string SerializeStable(const google::protobuf::MessageLite& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream output(&stream);
    output.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&output);
  }
  return bytes;
}

absl::Status ParseStored(const std::string& bytes, const std::string& what,
                         google::protobuf::MessageLite* message) {
  if (message->ParseFromString(bytes)) return absl::OkStatus();
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat("the stored ", what, " cannot be read"));
}

std::string Etag(int64_t revision) { return absl::StrCat(revision); }

absl::Status CheckEtag(const std::string& etag, int64_t revision, const std::string& name) {
  if (etag.empty() || etag == Etag(revision)) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kAborted, domain::reason::kEtagMismatch,
      absl::StrCat(name, " has changed: its etag is ", Etag(revision), ", the request has another"),
      name);
}

std::string MediaType(const std::string& artifact_id) {
  const size_t dot = artifact_id.rfind('.');
  const std::string ending = dot == std::string::npos ? "" : artifact_id.substr(dot);
  if (ending == ".json") return "application/json";
  if (ending == ".log" || ending == ".txt") return "text/plain; charset=utf-8";
  if (ending == ".html") return "text/html; charset=utf-8";
  if (ending == ".csv") return "text/csv; charset=utf-8";
  return "application/octet-stream";
}

v1::Artifact ArtifactToProto(const domain::JobName& job, const domain::Artifact& artifact) {
  v1::Artifact to;
  to.set_name(domain::ArtifactName{job, artifact.id}.ToString());
  to.set_size_bytes(artifact.size_bytes);
  to.set_sha256(artifact.sha256);
  to.set_media_type(MediaType(artifact.id));
  *to.mutable_create_time() = TimeToProto(artifact.create_time);
  return to;
}

}  // namespace winnow::rpc
