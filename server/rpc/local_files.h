// Files on the server's own disk that datasets may be read from.
#ifndef WINNOW_SERVER_RPC_LOCAL_FILES_H_
#define WINNOW_SERVER_RPC_LOCAL_FILES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace winnow::rpc {

struct LocalFile {
  std::string path;  // canonical: absolute, without symbolic links, "." and ".."
  int64_t size_bytes = 0;
};

// The folders below which local files may lie. THREAD-SAFETY: immutable.
class AllowedRoots {
 public:
  // INVALID_ARGUMENT when one is not an existing folder. None at all allows nothing.
  static absl::StatusOr<AllowedRoots> Make(const std::vector<std::string>& folders);

  // INVALID_ARGUMENT PATH_NOT_ALLOWED for what lies, after resolving symbolic links, outside of the
  // roots, whether or not it exists; NOT_FOUND and INVALID_ARGUMENT for what is below one but is no
  // readable file.
  absl::StatusOr<LocalFile> Resolve(const std::string& path) const;

 private:
  std::vector<std::string> roots_;  // canonical
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_LOCAL_FILES_H_
