// winnowd --new-token: a fresh token in a file, and its line for the credentials file.
#ifndef WINNOW_SERVER_OPS_NEW_TOKEN_H_
#define WINNOW_SERVER_OPS_NEW_TOKEN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/ids.h"

namespace winnow::ops_http {

struct TokenRequest {
  std::string file;  // where the token goes; must not exist yet
  std::string tenant = "default";
  std::string role = "submitter";
  std::string subject = "-";    // a person or a program, one word
  std::string expires = "90d";  // days, RFC 3339, or never
};

// Makes the file (mode 0600) and returns the line, with its newline. INVALID_ARGUMENT names the
// flag, also when the file cannot be made.
absl::StatusOr<std::string> NewToken(const TokenRequest& request, server::IdSource& ids,
                                     absl::Time now);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_NEW_TOKEN_H_
