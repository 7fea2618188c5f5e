#include "server/ops/worker_socket.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "server/base/endpoint.h"
#include "server/base/posix_error.h"

namespace winnow::ops_http {
namespace {

constexpr char kPattern[] = "/winnow-XXXXXX";
constexpr char kName[] = "/worker.sock";
constexpr size_t kMaxParentBytes =
    server::kMaxSocketPathBytes - (sizeof(kPattern) - 1) - (sizeof(kName) - 1);

std::string Parent() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime == nullptr) return "/tmp";
  const std::string folder = runtime;
  const bool usable = !folder.empty() && folder[0] == '/' && folder.size() <= kMaxParentBytes &&
                      ::access(runtime, W_OK | X_OK) == 0;
  return usable ? folder : "/tmp";
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerSocket>> WorkerSocket::Make(const std::string& preferred) {
  if (preferred.size() <= server::kMaxSocketPathBytes) {
    return std::unique_ptr<WorkerSocket>(new WorkerSocket(preferred, ""));
  }
  std::string folder = Parent() + kPattern;
  if (::mkdtemp(folder.data()) == nullptr) {  // mode 0700
    return server::PosixError(errno, "create folder", folder);
  }
  return std::unique_ptr<WorkerSocket>(new WorkerSocket(folder + kName, folder));
}

WorkerSocket::~WorkerSocket() {
  ::unlink(path_.c_str());
  if (!folder_.empty()) ::rmdir(folder_.c_str());
}

}  // namespace winnow::ops_http
