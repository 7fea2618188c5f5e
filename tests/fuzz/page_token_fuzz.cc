// Page tokens, which clients send back as they like.
#include "server/domain/error.h"
#include "server/store/listing.h"
#include "tests/fuzz/fuzz_target.h"

WINNOW_FUZZ_TARGET(page_token) {
  using namespace winnow;
  const std::string scope = store::ListingScope("jobs", "tenant", {});
  const auto row = store::ParsePageToken(input, scope);
  if (!row.ok()) {
    fuzz::Require(domain::ReasonOf(row.status()) == domain::reason::kInvalidPageToken,
                  "a bad token has its reason");
  } else if (!input.empty()) {
    fuzz::Require(!store::ParsePageToken(input, store::ListingScope("jobs", "other", {})).ok(),
                  "a token of one listing is none of another's");
  }
  // Made tokens are taken, and one changed letter is not.
  fuzz::Bytes bytes(input);
  const int64_t last_row = bytes.Short() + 1;
  std::string token = store::MakePageToken(last_row, scope);
  const auto same = store::ParsePageToken(token, scope);
  fuzz::Require(same.ok() && *same == last_row, "a made token is taken");
  const std::string other_scope = store::ListingScope(bytes.Rest(), "tenant", {});
  fuzz::Require(other_scope == scope || !store::ParsePageToken(token, other_scope).ok(),
                "a token of one listing is none of another's");
}
