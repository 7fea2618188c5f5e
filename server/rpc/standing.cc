#include "server/rpc/standing.h"

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::rpc {

Standing::Standing(const Deps& deps, const Caller& caller, const Method& method)
    : deps_(deps), method_(method), caller_(caller) {}

absl::Status Standing::Check() {
  if (deps_.authenticator == nullptr) return absl::OkStatus();
  // Read first: entries that are taken meanwhile are looked at next time.
  const int64_t generation = deps_.authenticator->generation();
  if (generation == generation_ && deps_.clock->Now() < caller_.principal.expires) {
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Recheck());
  generation_ = generation;
  return absl::OkStatus();
}

absl::Status Standing::Recheck() {
  ASSIGN_OR_RETURN(const auth::Principal now, deps_.authenticator->Recheck(caller_.principal));
  if (now.tenant != caller_.tenant) {
    return domain::MakeError(
        absl::StatusCode::kUnauthenticated, domain::reason::kTokenInvalid,
        absl::StrCat("the credential of ", now.subject, " stands for another tenant now"));
  }
  RETURN_IF_ERROR(CheckRole(now, method_));
  caller_.principal = now;
  return absl::OkStatus();
}

}  // namespace winnow::rpc
