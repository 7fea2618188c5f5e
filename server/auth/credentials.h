// The credentials file: whom the server lets in. One entry a line, '#' starts a comment:
//
//   # kind  credential                  tenant  role       expires               subject
//   token   <SHA-256 of the token>      ads     submitter  2027-01-01T00:00:00Z  nightly-ci
//   cert    trainer.ads.example.com     ads     reader     never                 trainer
//
// A token itself stands nowhere on the server. A cert entry names the common name or a subject
// alternative name of client certificates that the server's client CA has signed.
#ifndef WINNOW_SERVER_AUTH_CREDENTIALS_H_
#define WINNOW_SERVER_AUTH_CREDENTIALS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/auth/principal.h"

namespace winnow::auth {

class Credentials {
 public:
  // INVALID_ARGUMENT: one line per problem, "PATH:LINE: …". `path` is for messages.
  static absl::StatusOr<Credentials> Parse(const std::string& path, const std::string& text);

  // UNAUTHENTICATED TOKEN_INVALID, TOKEN_EXPIRED. Takes the same time whether and where the token
  // is found.
  absl::StatusOr<Principal> FindToken(const std::string& token, absl::Time now) const;
  // The entry of the first name that has one. UNAUTHENTICATED TOKEN_INVALID, TOKEN_EXPIRED.
  absl::StatusOr<Principal> FindCertificate(const std::vector<std::string>& names,
                                            absl::Time now) const;

  // The entry that `earlier` came from, as it stands now. UNAUTHENTICATED TOKEN_INVALID when it is
  // gone, TOKEN_EXPIRED.
  absl::StatusOr<Principal> FindAgain(const Principal& earlier, absl::Time now) const;

  size_t size() const { return tokens_.size() + certificates_.size(); }

 private:
  // The credential (hash or name) and what it stands for.
  using Entries = std::vector<std::pair<std::string, Principal>>;

  absl::Status Take(const std::vector<std::string>& words);

  Entries tokens_;
  Entries certificates_;
};

// A line of the file for `token`, without the newline.
std::string TokenLine(const std::string& token, const Principal& principal);

// "never", RFC 3339, or a number of days from now as "90d".
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text, absl::Time now);

// Of a fresh token: this and 64 hexadecimal digits, so that scanners for leaked secrets find it.
inline constexpr char kTokenPrefix[] = "winnow_";

}  // namespace winnow::auth

#endif  // WINNOW_SERVER_AUTH_CREDENTIALS_H_
