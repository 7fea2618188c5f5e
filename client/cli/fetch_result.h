// The result of a finished job, from its artifacts.
#ifndef WINNOW_CLIENT_CLI_FETCH_RESULT_H_
#define WINNOW_CLIENT_CLI_FETCH_RESULT_H_

#include <string>

#include "absl/status/statusor.h"
#include "client/cli/result_text.h"
#include "client/cpp/client.h"

namespace winnow::cli {

// selection.json and run.json merged. FAILED_PRECONDITION when the job has no result (yet), with
// its state and error.
absl::StatusOr<ResultJson> FetchResult(client::Client& client, const std::string& job);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_FETCH_RESULT_H_
