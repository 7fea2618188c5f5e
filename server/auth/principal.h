// Who a credential stands for.
#ifndef WINNOW_SERVER_AUTH_PRINCIPAL_H_
#define WINNOW_SERVER_AUTH_PRINCIPAL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace winnow::auth {

// Each may do what those before it may.
enum class Role {
  kReader,     // get, list, watch, download
  kSubmitter,  // bring datasets and jobs, steer jobs
  kAdmin,      // delete
};

// "reader", "submitter", "admin".
const char* RoleName(Role role);
absl::StatusOr<Role> ParseRole(const std::string& text);

struct Principal {
  std::string tenant;
  std::string subject;  // a person or a program, for logs
  Role role = Role::kReader;
  absl::Time expires = absl::InfiniteFuture();
  // Which entry let it in: the SHA-256 of a token, or the name of a client certificate.
  std::string credential;
  bool is_certificate = false;
};

}  // namespace winnow::auth

#endif  // WINNOW_SERVER_AUTH_PRINCIPAL_H_
