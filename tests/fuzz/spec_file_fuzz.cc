// Job files and schemas as users write them: YAML, with overrides of the command line behind the
// last line that is "---".
#include "absl/strings/str_split.h"
#include "client/cli/spec_file.h"
#include "client/cli/yaml_writer.h"
#include "google/protobuf/stubs/logging.h"
#include "google/protobuf/util/message_differencer.h"
#include "tests/fuzz/fuzz_target.h"
#include "winnow/v1/dataset_schema.pb.h"
#include "winnow/v1/job_spec.pb.h"

namespace winnow::cli {
namespace {

template <typename Message>
void Read(const std::string& text, const std::vector<std::string>& overrides) {
  Message message;
  const absl::Status status = ParseSpec(text, "f", overrides, message);
  if (!status.ok()) {
    fuzz::Require(!status.message().empty(), "a refusal says why");
    return;
  }
  Message again;
  const absl::Status read = ParseSpec(YamlText(message), "f", {}, again);
  fuzz::Require(read.ok(), "what is written can be read");
  fuzz::Require(message.SerializeAsString() == again.SerializeAsString() ||
                    google::protobuf::util::MessageDifferencer::Equivalent(message, again),
                "it is the same then");
}

}  // namespace
}  // namespace winnow::cli

WINNOW_FUZZ_TARGET(spec_file) {
  static google::protobuf::LogSilencer silent;
  const std::string kMark = "\n---\n";
  const size_t mark = input.rfind(kMark);
  const std::string text = input.substr(0, mark);
  std::vector<std::string> overrides;
  if (mark != std::string::npos) {
    overrides = absl::StrSplit(input.substr(mark + kMark.size()), '\n', absl::SkipEmpty());
  }
  winnow::cli::Read<winnow::v1::JobSpec>(text, overrides);
  winnow::cli::Read<winnow::v1::DatasetSchema>(text, overrides);
}
