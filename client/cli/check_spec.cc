#include "client/cli/check_spec.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "client/cli/spec_file.h"

namespace winnow::cli {
namespace {

bool IsTopLevel(const std::string& path) { return path.find_first_of(".[") == std::string::npos; }

bool FollowsFrom(const client::FieldViolation& value, const client::FieldViolation& form) {
  if (IsAtOrBelow(value.path, form.path) || IsAtOrBelow(form.path, value.path)) return true;
  return IsTopLevel(form.path) && (value.path == "task" || value.path == "dataset");
}

}  // namespace

std::vector<client::FieldViolation> JoinViolations(
    std::vector<client::FieldViolation> form, const std::vector<client::FieldViolation>& values) {
  const std::vector<client::FieldViolation> own = form;
  for (const client::FieldViolation& value : values) {
    const bool follows = std::any_of(own.begin(), own.end(), [&value](const auto& violation) {
      return FollowsFrom(value, violation);
    });
    if (!follows) form.push_back(value);
  }
  return form;
}

absl::Status WithServersViolations(const absl::Status& form, const std::string& file,
                                   v1::CreateJobRequest request, client::Client& client) {
  std::vector<client::FieldViolation> violations = client::ErrorOf(form).violations;
  if (violations.empty() || request.job().spec().ByteSizeLong() == 0) return form;
  request.set_validate_only(true);
  request.clear_request_id();  // a retry with it must find what was mended
  const absl::Status values = client.CreateJob(request).status();
  if (!absl::IsInvalidArgument(values)) return form;
  return Mistakes(file, JoinViolations(std::move(violations), client::ErrorOf(values).violations));
}

}  // namespace winnow::cli
