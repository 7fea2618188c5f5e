// How two paths lie to each other.
#ifndef WINNOW_SERVER_BASE_PATHS_H_
#define WINNOW_SERVER_BASE_PATHS_H_

#include <algorithm>
#include <filesystem>

namespace winnow::server {

// Whether `path` is `folder` or lies below it. REQUIRES: both canonical (absolute, without symbolic
// links, "." and "..").
inline bool IsAtOrBelow(const std::filesystem::path& path, const std::filesystem::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first ==
         folder.end();
}

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_PATHS_H_
