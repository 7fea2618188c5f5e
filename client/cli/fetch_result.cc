#include "client/cli/fetch_result.h"

#include "absl/strings/str_cat.h"
#include "client/cli/job_text.h"
#include "client/cpp/download.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

absl::StatusOr<ResultJson> FetchJson(client::Client& client, const std::string& job,
                                     const std::string& artifact) {
  const std::string name = client::ArtifactName(job, artifact);
  ASSIGN_OR_RETURN(const std::string text, client::DownloadText(client, name));
  ResultJson json = ResultJson::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return absl::DataLossError(name + ": is not a JSON object");
  return json;
}

}  // namespace

absl::StatusOr<ResultJson> FetchResult(client::Client& client, const std::string& name) {
  ASSIGN_OR_RETURN(const v1::Job job, client.GetJob(name));
  if (job.state() != v1::Job::STATE_SUCCEEDED) {
    return absl::FailedPreconditionError(
        absl::StrCat(job.name(), " has no result: it is ", StateText(job),
                     job.error().message().empty() ? "" : ": ", job.error().message()));
  }
  ASSIGN_OR_RETURN(const ResultJson selection, FetchJson(client, job.name(), "selection.json"));
  ASSIGN_OR_RETURN(const ResultJson run, FetchJson(client, job.name(), "run.json"));
  return MergeResult(selection, run);
}

}  // namespace winnow::cli
