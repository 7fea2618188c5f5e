// Filters and resource names of requests, and errors as they travel between the parts.
#include "server/domain/error.h"
#include "server/domain/filter.h"
#include "server/domain/names.h"
#include "tests/fuzz/fuzz_target.h"

namespace winnow::domain {
namespace {

using fuzz::Require;

template <typename Parse>
void CheckName(Parse parse, const std::string& text) {
  const auto name = parse(text);
  if (name.ok()) {
    Require(name->ToString() == text, "a parsed name prints as it was");
    Require(text.find("/../") == std::string::npos && text.rfind("/..") != text.size() - 3,
            "no way up in a name");
  } else {
    Require(absl::IsInvalidArgument(name.status()), "a bad name is the caller's mistake");
  }
}

void CheckError(const std::string& text) {
  Error error;
  error.code = absl::StatusCode::kInternal;
  error.message = text;
  error.metadata["text"] = text;
  Error back;
  Require(DecodeError(EncodeError(error), &back).ok(), "an error can be read back");
  DecodeError(text, &back).IgnoreError();
}

}  // namespace
}  // namespace winnow::domain

WINNOW_FUZZ_TARGET(filter) {
  using namespace winnow::domain;
  for (const FilterTarget target : {FilterTarget::kJobs, FilterTarget::kDatasets}) {
    const auto filter = ParseFilter(input, target);
    winnow::fuzz::Require(filter.ok() || ReasonOf(filter.status()) == reason::kInvalidFilter,
                          "a bad filter has its reason");
  }
  CheckName(ParseDatasetName, input);
  CheckName(ParseJobName, input);
  CheckName(ParseArtifactName, input);
  CheckName(ParseAttemptId, input);
  CheckError(input);
}
