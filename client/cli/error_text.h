// An error as a person, or a program (--json), reads it.
#ifndef WINNOW_CLIENT_CLI_ERROR_TEXT_H_
#define WINNOW_CLIENT_CLI_ERROR_TEXT_H_

#include <string>

#include "absl/status/status.h"

namespace winnow::cli {

// "winnow: message" and one indented line per violation. `server` is named when it was not reached;
// empty: the error is not that of a call.
std::string ErrorText(const absl::Status& error, const std::string& server);

// {"error": {"code": "NOT_FOUND", "message": ..., "reason": ..., "violations": [{"field": ...,
// "description": ...}], "metadata": {}, "retry_after_s": 1}} in one line; absent parts are left
// out.
std::string ErrorJson(const absl::Status& error);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_ERROR_TEXT_H_
