// Job specifications from the wire and as text: resolved or refused with paths, never more.
#include <google/protobuf/text_format.h>

#include "google/protobuf/stubs/logging.h"
#include "kernels/plan/plan.h"
#include "server/spec/job_spec.h"
#include "tests/fuzz/fuzz_target.h"

namespace winnow {
namespace {

DatasetProfile SomeProfile() {
  DatasetProfile profile;
  profile.rows = 1000;
  profile.train_file_rows = 1000;
  for (const char* name : {"a", "b", "c", "d"}) {
    ColumnProfile column;
    column.name = name;
    column.kind = ColumnKind::kNumeric;
    profile.columns.push_back(column);
  }
  profile.target.name = "y";
  profile.target.kind = TargetKind::kBinary;
  profile.target.classes = {"0", "1"};
  profile.target.class_counts = {600, 400};
  profile.split_rows = {800, 100, 100};
  return profile;
}

void ResolveIt(const v1::JobSpec& job) {
  static const DatasetProfile profile = SomeProfile();
  const plan::Resolution resolution = plan::Resolve(spec::SpecFromProto(job), profile);
  for (const plan::Violation& violation : resolution.violations) {
    fuzz::Require(!violation.message.empty(), "a violation says what was expected");
  }
  if (!resolution.ok()) return;
  // What the server stores of it, resolved once more, is the same.
  const v1::JobSpec resolved = spec::SpecToProto(resolution.plan.spec);
  const plan::Resolution again = plan::Resolve(spec::SpecFromProto(resolved), profile);
  fuzz::Require(again.ok(), "a resolved job is good");
  fuzz::Require(
      spec::SpecToProto(again.plan.spec).SerializeAsString() == resolved.SerializeAsString(),
      "resolving twice changes nothing");
}

}  // namespace
}  // namespace winnow

WINNOW_FUZZ_TARGET(job_spec) {
  static google::protobuf::LogSilencer silent;
  winnow::v1::JobSpec job;
  if (job.ParseFromString(input)) winnow::ResolveIt(job);
  job.Clear();
  if (google::protobuf::TextFormat::ParseFromString(input, &job)) {
    winnow::ResolveIt(job);
  }
}
