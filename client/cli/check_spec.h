// All mistakes of a job file at once: its form is checked here, its values by the server.
#ifndef WINNOW_CLIENT_CLI_CHECK_SPEC_H_
#define WINNOW_CLIENT_CLI_CHECK_SPEC_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "client/cpp/client.h"
#include "client/cpp/error.h"
#include "winnow/v1/job_service.pb.h"

namespace winnow::cli {

// `form` and behind it those of `values` that do not merely follow from one of `form`: a field that
// is above, at or below one that could not be read, and a task or dataset that is missing while a
// top-level key is unknown.
std::vector<client::FieldViolation> JoinViolations(
    std::vector<client::FieldViolation> form, const std::vector<client::FieldViolation>& values);

// `form` is what LoadSpecFile found in `file`, and `request` holds the part of the spec that it
// could read. Asks the server to validate that part; the error that lists both. Returns `form` as
// it is when it lists nothing, when there is no such part, or when the server does not answer.
absl::Status WithServersViolations(const absl::Status& form, const std::string& file,
                                   v1::CreateJobRequest request, client::Client& client);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_CHECK_SPEC_H_
