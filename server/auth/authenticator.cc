#include "server/auth/authenticator.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"

namespace winnow::auth {
namespace {

constexpr int64_t kMaxFileBytes = int64_t{4} << 20;
constexpr char kBearer[] = "bearer ";  // RFC 6750 section 2.1; the scheme has no case

}  // namespace

absl::StatusOr<std::unique_ptr<Authenticator>> Authenticator::Load(server::FileSystem* files,
                                                                   const server::Clock* clock,
                                                                   const std::string& path) {
  std::unique_ptr<Authenticator> made(new Authenticator(files, clock, path));
  RETURN_IF_ERROR(made->Reload());
  return made;
}

absl::Status Authenticator::Take(const std::string& text) {
  ASSIGN_OR_RETURN(Credentials credentials, Credentials::Parse(path_, text));
  auto shared = std::make_shared<const Credentials>(std::move(credentials));
  absl::MutexLock lock(&mutex_);
  text_ = text;
  credentials_ = std::move(shared);
  generation_.fetch_add(1);
  return absl::OkStatus();
}

absl::Status Authenticator::Reload() {
  ASSIGN_OR_RETURN(const std::string text, server::ReadWholeFile(files_, path_, kMaxFileBytes));
  return Take(text);
}

absl::StatusOr<bool> Authenticator::ReloadIfChanged() {
  ASSIGN_OR_RETURN(const std::string text, server::ReadWholeFile(files_, path_, kMaxFileBytes));
  {
    absl::MutexLock lock(&mutex_);
    if (text == text_) return false;
  }
  RETURN_IF_ERROR(Take(text));
  return true;
}

absl::StatusOr<Principal> Authenticator::Authenticate(const Presented& presented) const {
  std::shared_ptr<const Credentials> credentials;
  {
    absl::MutexLock lock(&mutex_);
    credentials = credentials_;
  }
  if (presented.authorization.has_value()) {
    const std::string& header = *presented.authorization;
    if (absl::StartsWithIgnoreCase(header, kBearer)) {
      return credentials->FindToken(header.substr(sizeof(kBearer) - 1), clock_.Now());
    }
    return domain::MakeError(absl::StatusCode::kUnauthenticated, domain::reason::kTokenInvalid,
                             "authorization: expected \"Bearer TOKEN\"");
  }
  if (!presented.certificate_names.empty()) {
    return credentials->FindCertificate(presented.certificate_names, clock_.Now());
  }
  return domain::MakeError(absl::StatusCode::kUnauthenticated, domain::reason::kTokenMissing,
                           "the call carries no credential; send a bearer token or use a client "
                           "certificate");
}

absl::StatusOr<Principal> Authenticator::Recheck(const Principal& earlier) const {
  std::shared_ptr<const Credentials> credentials;
  {
    absl::MutexLock lock(&mutex_);
    credentials = credentials_;
  }
  return credentials->FindAgain(earlier, clock_.Now());
}

size_t Authenticator::size() const {
  absl::MutexLock lock(&mutex_);
  return credentials_->size();
}

}  // namespace winnow::auth
