#include "server/auth/principal.h"

#include "absl/strings/str_cat.h"

namespace winnow::auth {

const char* RoleName(Role role) {
  switch (role) {
    case Role::kReader:
      return "reader";
    case Role::kSubmitter:
      return "submitter";
    case Role::kAdmin:
      return "admin";
  }
  return "reader";
}

absl::StatusOr<Role> ParseRole(const std::string& text) {
  for (const Role role : {Role::kReader, Role::kSubmitter, Role::kAdmin}) {
    if (text == RoleName(role)) return role;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("expected a role, reader, submitter or admin, got \"", text, "\""));
}

}  // namespace winnow::auth
