#include "server/auth/credentials.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/ids.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::auth {
namespace {

constexpr char kNever[] = "never";
constexpr int kMaxDays = 36'500;

absl::Status Unauthenticated(const char* reason, const std::string& message) {
  return domain::MakeError(absl::StatusCode::kUnauthenticated, reason, message);
}

absl::StatusOr<Principal> Valid(const Principal& principal, absl::Time now) {
  if (now < principal.expires) return principal;
  return Unauthenticated(domain::reason::kTokenExpired,
                         absl::StrCat("the credential of ", principal.subject, " expired at ",
                                      absl::FormatTime(principal.expires, absl::UTCTimeZone())));
}

absl::StatusOr<Principal> ParsePrincipal(const std::vector<std::string>& words) {
  Principal principal;
  principal.tenant = words[2];
  if (!server::IsValidId(principal.tenant)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tenant \"", principal.tenant, "\" must ", server::kIdRule));
  }
  ASSIGN_OR_RETURN(principal.role, ParseRole(words[3]));
  // "90d" has no fixed start in a file.
  if (words[4] != kNever) {
    std::string error;
    if (!absl::ParseTime(absl::RFC3339_full, words[4], &principal.expires, &error)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "expected a time such as 2027-01-01T00:00:00Z, or never, got \"", words[4], "\""));
    }
  }
  principal.subject = words[5];
  return principal;
}

}  // namespace

absl::Status Credentials::Take(const std::vector<std::string>& words) {
  if (words.size() != 6) {
    return absl::InvalidArgumentError(absl::StrCat(
        "expected 6 words, KIND CREDENTIAL TENANT ROLE EXPIRES SUBJECT, got ", words.size()));
  }
  const bool is_token = words[0] == "token";
  if (!is_token && words[0] != "cert") {
    return absl::InvalidArgumentError(
        absl::StrCat("expected token or cert, got \"", words[0], "\""));
  }
  // Whoever pastes a token here by mistake should not find it in a log.
  if (is_token && !server::IsSha256Hex(words[1])) {
    return absl::InvalidArgumentError(
        "the credential of a token is its SHA-256, 64 lower-case hexadecimal digits");
  }
  Entries& entries = is_token ? tokens_ : certificates_;
  const auto same = [&words](const auto& entry) { return entry.first == words[1]; };
  if (std::any_of(entries.begin(), entries.end(), same)) {
    return absl::InvalidArgumentError("the credential stands in an earlier line already");
  }
  ASSIGN_OR_RETURN(Principal principal, ParsePrincipal(words));
  principal.credential = words[1];
  principal.is_certificate = !is_token;
  entries.emplace_back(words[1], std::move(principal));
  return absl::OkStatus();
}

absl::StatusOr<Credentials> Credentials::Parse(const std::string& path, const std::string& text) {
  Credentials credentials;
  std::vector<std::string> problems;
  int number = 0;
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
    ++number;
    const std::string content = line.substr(0, line.find('#'));
    const std::vector<std::string> words =
        absl::StrSplit(content, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty()) continue;
    const absl::Status taken = credentials.Take(words);
    if (!taken.ok()) {
      problems.push_back(absl::StrCat(path, ":", number, ": ", std::string(taken.message())));
    }
  }
  if (problems.empty()) return credentials;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

absl::StatusOr<Principal> Credentials::FindToken(const std::string& token, absl::Time now) const {
  const std::string hash = server::Sha256Hex(token);
  const Principal* found = nullptr;
  for (const auto& [known, principal] : tokens_) {
    if (server::EqualSecrets(known, hash)) found = &principal;
  }
  if (found != nullptr) return Valid(*found, now);
  return Unauthenticated(domain::reason::kTokenInvalid, "the server does not know this token");
}

absl::StatusOr<Principal> Credentials::FindCertificate(const std::vector<std::string>& names,
                                                       absl::Time now) const {
  for (const std::string& name : names) {
    for (const auto& [known, principal] : certificates_) {
      if (known == name) return Valid(principal, now);
    }
  }
  return Unauthenticated(
      domain::reason::kTokenInvalid,
      absl::StrCat("no entry of the server's credentials is for the client certificate of ",
                   absl::StrJoin(names, ", ")));
}

absl::StatusOr<Principal> Credentials::FindAgain(const Principal& earlier, absl::Time now) const {
  for (const auto& [known, principal] : earlier.is_certificate ? certificates_ : tokens_) {
    if (known == earlier.credential) return Valid(principal, now);
  }
  return Unauthenticated(domain::reason::kTokenInvalid,
                         absl::StrCat("the credential of ", earlier.subject, " was withdrawn"));
}

std::string TokenLine(const std::string& token, const Principal& principal) {
  const std::string expires =
      principal.expires == absl::InfiniteFuture()
          ? std::string(kNever)
          : absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", principal.expires, absl::UTCTimeZone());
  return absl::StrCat("token ", server::Sha256Hex(token), " ", principal.tenant, " ",
                      RoleName(principal.role), " ", expires, " ", principal.subject);
}

absl::StatusOr<absl::Time> ParseExpiry(const std::string& text, absl::Time now) {
  if (text == kNever) return absl::InfiniteFuture();
  int days = 0;
  if (!text.empty() && text.back() == 'd' &&
      absl::SimpleAtoi(text.substr(0, text.size() - 1), &days) && days > 0 && days <= kMaxDays) {
    return now + absl::Hours(24) * days;
  }
  absl::Time time;
  std::string error;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, &error)) return time;
  return absl::InvalidArgumentError(absl::StrCat(
      "expected a number of days such as 90d, a time such as 2027-01-01T00:00:00Z, or never, got "
      "\"",
      text, "\""));
}

}  // namespace winnow::auth
