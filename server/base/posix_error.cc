#include "server/base/posix_error.h"

#include <errno.h>

#include <system_error>

namespace winnow::server {
namespace {

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOENT:
      return absl::StatusCode::kNotFound;
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::StatusCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return absl::StatusCode::kResourceExhausted;
    case EEXIST:
      return absl::StatusCode::kAlreadyExists;
    default:
      return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status PosixError(int error_number, const std::string& operation, const std::string& path) {
  const std::string reason = std::generic_category().message(error_number);
  return absl::Status(CodeOf(error_number), "cannot " + operation + " " + path + ": " + reason);
}

}  // namespace winnow::server
