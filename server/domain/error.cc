#include "server/domain/error.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "server/domain/json_text.h"

namespace winnow::domain {
namespace {

constexpr char kPayloadType[] = "winnow.v1/error";

nlohmann::json ToJson(const Error& error) {
  nlohmann::json violations = nlohmann::json::array();
  for (const FieldViolation& violation : error.violations) {
    violations.push_back({{"field", violation.field}, {"description", violation.description}});
  }
  nlohmann::json json = {{"code", static_cast<int>(error.code)},
                         {"reason", error.reason},
                         {"message", error.message},
                         {"subject", error.subject},
                         {"violations", std::move(violations)},
                         {"metadata", nlohmann::json::object()}};
  for (const auto& [key, value] : error.metadata) json["metadata"][key] = value;
  if (error.retry_after.has_value()) {
    json["retry_after_ms"] = absl::ToInt64Milliseconds(*error.retry_after);
  }
  return json;
}

}  // namespace

std::string EncodeError(const Error& error) { return DumpJson(ToJson(error)); }

absl::Status DecodeError(const std::string& text, Error* error) {
  const nlohmann::json json = ParseJson(text);
  bool ok = true;
  const JsonReader reader(json, &ok);
  Error read;
  read.code = static_cast<absl::StatusCode>(reader.Integer("code"));
  read.reason = reader.Text("reason");
  read.message = reader.Text("message");
  read.subject = reader.Text("subject");
  read.metadata = reader.TextMap("metadata");
  for (const nlohmann::json& item : reader.Array("violations")) {
    const JsonReader violation(item, &ok);
    read.violations.push_back({violation.Text("field"), violation.Text("description")});
  }
  if (reader.Has("retry_after_ms")) {
    read.retry_after = absl::Milliseconds(reader.Integer("retry_after_ms"));
  }
  if (!ok) return absl::DataLossError("cannot read an error: the text is not one of ours");
  *error = std::move(read);
  return absl::OkStatus();
}

absl::Status ToStatus(const Error& error) {
  absl::Status status(error.code, error.message);
  status.SetPayload(kPayloadType, absl::Cord(EncodeError(error)));
  return status;
}

Error FromStatus(const absl::Status& status) {
  Error error;
  const auto payload = status.GetPayload(kPayloadType);
  if (payload.has_value() && DecodeError(std::string(*payload), &error).ok()) {
    // A caller may have wrapped the message with its step.
    error.message = std::string(status.message());
    return error;
  }
  error.code = status.code();
  error.reason = absl::StatusCodeToString(status.code());
  error.message = std::string(status.message());
  return error;
}

absl::Status MakeError(absl::StatusCode code, const char* reason, const std::string& message,
                       const std::string& subject) {
  Error error;
  error.code = code;
  error.reason = reason;
  error.message = message;
  error.subject = subject;
  return ToStatus(error);
}

absl::Status InvalidFields(std::vector<FieldViolation> violations) {
  Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = reason::kInvalidFields;
  for (const FieldViolation& violation : violations) {
    absl::StrAppend(&error.message, error.message.empty() ? "" : "; ", violation.field, ": ",
                    violation.description);
  }
  error.violations = std::move(violations);
  return ToStatus(error);
}

absl::Status JobNotFound(const std::string& name) {
  return MakeError(absl::StatusCode::kNotFound, reason::kJobNotFound,
                   absl::StrCat("there is no job ", name), name);
}

absl::Status DatasetNotFound(const std::string& name) {
  return MakeError(absl::StatusCode::kNotFound, reason::kDatasetNotFound,
                   absl::StrCat("there is no dataset ", name), name);
}

std::string ReasonOf(const absl::Status& status) { return FromStatus(status).reason; }

}  // namespace winnow::domain
