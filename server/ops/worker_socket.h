// Where workers find their server.
#ifndef WINNOW_SERVER_OPS_WORKER_SOCKET_H_
#define WINNOW_SERVER_OPS_WORKER_SOCKET_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace winnow::ops_http {

// A path for a Unix socket that only this user reaches. `preferred` lies in data_dir; when it is
// too long for a socket, the path lies in a new folder (mode 0700) below $XDG_RUNTIME_DIR or /tmp,
// which goes when this object goes.
class WorkerSocket {
 public:
  static absl::StatusOr<std::unique_ptr<WorkerSocket>> Make(const std::string& preferred);
  ~WorkerSocket();
  WorkerSocket(const WorkerSocket&) = delete;
  WorkerSocket& operator=(const WorkerSocket&) = delete;

  const std::string& path() const { return path_; }

 private:
  WorkerSocket(std::string path, std::string folder)
      : path_(std::move(path)), folder_(std::move(folder)) {}

  const std::string path_;
  const std::string folder_;  // ours; empty when in data_dir
};

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_WORKER_SOCKET_H_
