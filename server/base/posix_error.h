// errno as a Status, with the operation and the path.
#ifndef WINNOW_SERVER_BASE_POSIX_ERROR_H_
#define WINNOW_SERVER_BASE_POSIX_ERROR_H_

#include <string>

#include "absl/status/status.h"

namespace winnow::server {

// "cannot open /a/b: No such file or directory". ENOENT: NOT_FOUND; EACCES, EPERM:
// PERMISSION_DENIED; ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM: RESOURCE_EXHAUSTED; EEXIST:
// ALREADY_EXISTS; else INTERNAL.
absl::Status PosixError(int error_number, const std::string& operation, const std::string& path);

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_POSIX_ERROR_H_
