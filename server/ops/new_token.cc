#include "server/ops/new_token.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/auth/credentials.h"
#include "server/base/status.h"
#include "server/base/unique_fd.h"

namespace winnow::ops_http {
namespace {

absl::Status Named(const char* flag, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", std::string(status.message())));
}

absl::StatusOr<auth::Principal> PrincipalOf(const TokenRequest& request, absl::Time now) {
  auth::Principal principal;
  if (!server::IsValidId(request.tenant)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--tenant: \"", request.tenant, "\" must ", server::kIdRule));
  }
  principal.tenant = request.tenant;
  const absl::StatusOr<auth::Role> role = auth::ParseRole(request.role);
  RETURN_IF_ERROR(Named("--role", role.status()));
  principal.role = *role;
  const absl::StatusOr<absl::Time> expires = auth::ParseExpiry(request.expires, now);
  RETURN_IF_ERROR(Named("--expires", expires.status()));
  principal.expires = *expires;
  principal.subject = request.subject;
  if (request.subject.empty() || request.subject.find_first_of(" \t\r\n#") != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("--subject: expected one word without #, got \"", request.subject, "\""));
  }
  return principal;
}

absl::Status WriteNew(const std::string& path, const std::string& content) {
  const auto failed = [&path] {
    return absl::InvalidArgumentError(
        absl::StrCat("--new-token ", path, ": ", std::strerror(errno)));
  };
  const server::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.is_open()) return failed();
  const ssize_t written = ::write(fd.get(), content.data(), content.size());
  if (written == static_cast<ssize_t>(content.size())) return absl::OkStatus();
  if (written >= 0) errno = ENOSPC;
  return failed();
}

}  // namespace

absl::StatusOr<std::string> NewToken(const TokenRequest& request, server::IdSource& ids,
                                     absl::Time now) {
  ASSIGN_OR_RETURN(const auth::Principal principal, PrincipalOf(request, now));
  const std::string token = auth::kTokenPrefix + ids.NewSecret();
  RETURN_IF_ERROR(WriteNew(request.file, token + "\n"));
  return auth::TokenLine(token, principal) + "\n";
}

}  // namespace winnow::ops_http
