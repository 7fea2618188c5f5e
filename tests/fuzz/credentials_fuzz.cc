// The credentials file, tokens as clients send them, and ends of validity.
#include "server/auth/credentials.h"
#include "server/base/sha256.h"
#include "tests/fuzz/fuzz_target.h"

WINNOW_FUZZ_TARGET(credentials) {
  using namespace winnow;
  const absl::Time now = absl::UnixEpoch();
  const auto credentials = auth::Credentials::Parse("f", input);
  if (!credentials.ok()) {
    fuzz::Require(absl::IsInvalidArgument(credentials.status()), "a bad file is a mistake");
  } else {
    // A token opens only if its hash stands in the file.
    const auto found = credentials->FindToken(input, now);
    fuzz::Require(!found.ok() || input.find(server::Sha256Hex(input)) != std::string::npos,
                  "nobody is let in without an entry");
    credentials->FindCertificate({input, input.substr(0, input.find(' '))}, now).IgnoreError();
  }
  auth::ParseExpiry(input, now).IgnoreError();
  // What winnowd writes of any subject, it reads.
  auth::Principal principal;
  principal.tenant = "ads";
  principal.subject = "s";
  const auto again = auth::Credentials::Parse("f", auth::TokenLine(input, principal) + "\n");
  fuzz::Require(again.ok() && again->FindToken(input, now).ok(), "a made entry lets in");
}
