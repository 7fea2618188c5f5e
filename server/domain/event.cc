#include "server/domain/event.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "server/base/status.h"
#include "server/domain/json_text.h"

namespace winnow::domain {
namespace {

nlohmann::json ArtifactToJson(const Artifact& artifact) {
  return {{"id", artifact.id},
          {"path", artifact.path},
          {"size_bytes", artifact.size_bytes},
          {"sha256", artifact.sha256},
          {"create_us", absl::ToUnixMicros(artifact.create_time)}};
}

Artifact ArtifactFromJson(const JsonReader& reader) {
  Artifact artifact;
  artifact.id = reader.Text("id");
  artifact.path = reader.Text("path");
  artifact.size_bytes = reader.Integer("size_bytes");
  artifact.sha256 = reader.Text("sha256");
  artifact.create_time = absl::FromUnixMicros(reader.Integer("create_us"));
  return artifact;
}

}  // namespace

std::string EncodeStateChange(const StateChange& change) {
  nlohmann::json json = {{"to", static_cast<int>(change.to)},
                         {"attempt", change.attempt},
                         {"reason", change.reason},
                         {"stopped_early", change.stopped_early},
                         {"artifacts", nlohmann::json::array()}};
  if (change.from.has_value()) json["from"] = static_cast<int>(*change.from);
  if (change.error.has_value()) json["error"] = EncodeError(*change.error);
  for (const Artifact& artifact : change.artifacts) {
    json["artifacts"].push_back(ArtifactToJson(artifact));
  }
  return DumpJson(json);
}

absl::Status DecodeStateChange(const std::string& text, StateChange* change) {
  const nlohmann::json json = ParseJson(text);
  bool ok = true;
  const JsonReader reader(json, &ok);
  StateChange read;
  read.to = static_cast<JobState>(reader.Integer("to"));
  read.attempt = static_cast<int32_t>(reader.Integer("attempt"));
  read.reason = reader.Text("reason");
  read.stopped_early = reader.Flag("stopped_early");
  for (const nlohmann::json& item : reader.Array("artifacts")) {
    read.artifacts.push_back(ArtifactFromJson(JsonReader(item, &ok)));
  }
  if (reader.Has("from")) read.from = static_cast<JobState>(reader.Integer("from"));
  if (reader.Has("error")) {
    Error error;
    RETURN_IF_ERROR(DecodeError(reader.Text("error"), &error));
    read.error = std::move(error);
  }
  if (!ok) return absl::DataLossError("cannot read a state change: the text is not one of ours");
  *change = std::move(read);
  return absl::OkStatus();
}

std::string EncodeAttemptStarted(const AttemptStarted& started) {
  return DumpJson({{"attempt", started.attempt},
                   {"from_step", started.from_step},
                   {"threads", started.threads}});
}

absl::Status DecodeAttemptStarted(const std::string& text, AttemptStarted* started) {
  const nlohmann::json json = ParseJson(text);
  bool ok = true;
  const JsonReader reader(json, &ok);
  AttemptStarted read;
  read.attempt = static_cast<int32_t>(reader.Integer("attempt"));
  read.from_step = reader.Integer("from_step");
  read.threads = static_cast<int32_t>(reader.Integer("threads"));
  if (!ok) return absl::DataLossError("cannot read the start of an attempt: the text is not ours");
  *started = read;
  return absl::OkStatus();
}

}  // namespace winnow::domain
