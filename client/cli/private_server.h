// A winnowd of our own, on a Unix socket in a folder that nobody else sees.
#ifndef WINNOW_CLIENT_CLI_PRIVATE_SERVER_H_
#define WINNOW_CLIENT_CLI_PRIVATE_SERVER_H_

#include <sys/types.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/client.h"

namespace winnow::cli {

// A folder of its own below the folder for temporary files, removed with everything in it.
class ScratchFolder {
 public:
  static absl::StatusOr<std::unique_ptr<ScratchFolder>> Make();
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  const std::string& path() const { return path_; }
  void Keep() { kept_ = true; }

 private:
  explicit ScratchFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
  bool kept_ = false;
};

class PrivateServer {
 public:
  // Starts the winnowd beside this program, or of PATH, with socket, data and log below `folder`.
  // It is told to end when this process dies. REQUIRES: called by the main thread, before the first
  // connection.
  static absl::StatusOr<std::unique_ptr<PrivateServer>> Start(const std::string& folder);
  // Ends it, and waits until it is gone.
  ~PrivateServer();
  PrivateServer(const PrivateServer&) = delete;
  PrivateServer& operator=(const PrivateServer&) = delete;

  std::string address() const;

  // Waits until it answers. UNAVAILABLE with the end of its log when it does not.
  absl::Status WaitUntilReady(client::Client& client);

 private:
  PrivateServer(std::string folder, pid_t pid) : folder_(std::move(folder)), pid_(pid) {}
  bool HasEnded();
  std::string LogTail() const;

  const std::string folder_;
  pid_t pid_;  // 0 once it was waited for
};

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_PRIVATE_SERVER_H_
