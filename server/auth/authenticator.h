// From what a caller presents to who it is, by a credentials file that may change at any time.
#ifndef WINNOW_SERVER_AUTH_AUTHENTICATOR_H_
#define WINNOW_SERVER_AUTH_AUTHENTICATOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/auth/credentials.h"
#include "server/base/clock.h"
#include "server/base/file_system.h"

namespace winnow::auth {

struct Presented {
  std::optional<std::string> authorization;    // the header's value, "Bearer …"
  std::vector<std::string> certificate_names;  // of a verified client certificate
};

// THREAD-SAFETY: any thread.
class Authenticator {
 public:
  // INVALID_ARGUMENT with every bad line; errors of reading. OWNERSHIP: files and clock must
  // outlive it.
  static absl::StatusOr<std::unique_ptr<Authenticator>> Load(server::FileSystem* files,
                                                             const server::Clock* clock,
                                                             const std::string& path);

  // Reads the file again; after an error the entries stay as they were.
  absl::Status Reload();
  // Reload if the bytes differ from those read last. True: they did, and were taken.
  absl::StatusOr<bool> ReloadIfChanged();

  // A token counts before a certificate: it is what the caller chose to say. UNAUTHENTICATED
  // TOKEN_MISSING when there is neither, TOKEN_INVALID, TOKEN_EXPIRED. Never repeats the token.
  absl::StatusOr<Principal> Authenticate(const Presented& presented) const;

  size_t size() const;

  // Whom a call that has been running since it was let in stands for now. UNAUTHENTICATED
  // TOKEN_INVALID when the entry is gone, TOKEN_EXPIRED.
  absl::StatusOr<Principal> Recheck(const Principal& earlier) const;
  // Grows whenever other entries are taken: until then and `expires`, Recheck says the same.
  int64_t generation() const { return generation_.load(); }

 private:
  Authenticator(server::FileSystem* files, const server::Clock* clock, std::string path)
      : files_(*files), clock_(*clock), path_(std::move(path)) {}
  absl::Status Take(const std::string& text);

  server::FileSystem& files_;
  const server::Clock& clock_;
  const std::string path_;
  mutable absl::Mutex mutex_;
  std::string text_ ABSL_GUARDED_BY(mutex_);
  std::atomic<int64_t> generation_{0};
  std::shared_ptr<const Credentials> credentials_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::auth

#endif  // WINNOW_SERVER_AUTH_AUTHENTICATOR_H_
