#include "client/cli/error_text.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cpp/error.h"
#include "nlohmann/json.hpp"

namespace winnow::cli {

std::string ErrorText(const absl::Status& status, const std::string& server) {
  const client::Error error = client::ErrorOf(status);
  std::string text = "winnow: ";
  // An answer of the service has a reason; without one the call did not arrive.
  if (!server.empty() && client::IsUnreachable(status) && error.reason.empty()) {
    absl::StrAppend(&text, "cannot reach the server at ", server, ": ");
  }
  absl::StrAppend(&text, error.message.empty() ? client::CodeName(error.code) : error.message,
                  "\n");
  // A single violation may be the message already.
  const bool is_said =
      error.violations.size() == 1 && absl::StrContains(error.message, error.violations[0].message);
  for (const client::FieldViolation& violation : error.violations) {
    if (is_said) break;
    absl::StrAppend(&text, "  ", violation.path, ": ", violation.message, "\n");
  }
  if (error.retry_after) {
    absl::StrAppendFormat(&text, "  try again in %.3g s\n",
                          absl::ToDoubleSeconds(*error.retry_after));
  }
  return text;
}

std::string ErrorJson(const absl::Status& status) {
  const client::Error error = client::ErrorOf(status);
  nlohmann::ordered_json json = {{"code", client::CodeName(error.code)},
                                 {"message", error.message}};
  if (!error.reason.empty()) json["reason"] = error.reason;
  for (const client::FieldViolation& violation : error.violations) {
    json["violations"].push_back({{"field", violation.path}, {"description", violation.message}});
  }
  if (!error.metadata.empty()) json["metadata"] = error.metadata;
  if (error.retry_after) json["retry_after_s"] = absl::ToDoubleSeconds(*error.retry_after);
  const nlohmann::ordered_json whole = {{"error", json}};
  return whole.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace winnow::cli
