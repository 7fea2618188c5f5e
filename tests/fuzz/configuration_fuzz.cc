// What operators write: the configuration file and the credentials file.
#include "server/auth/credentials.h"
#include "server/ops/settings_file.h"
#include "tests/fuzz/fuzz_target.h"

WINNOW_FUZZ_TARGET(configuration) {
  using namespace winnow;
  const auto values = ops_http::ParseSettingsFile("f", input);
  fuzz::Require(values.ok() || absl::IsInvalidArgument(values.status()),
                "a bad file is the operator's mistake");
  if (values.ok()) {
    const auto settings = ops_http::MakeSettings(*values);
    fuzz::Require(settings.ok() || !settings.status().message().empty(), "a refusal says why");
  }
}
