#include "server/rpc/local_files.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "server/base/paths.h"
#include "server/domain/error.h"
#include "server/rpc/text.h"

namespace winnow::rpc {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShownPathBytes = 200;

}  // namespace

absl::StatusOr<AllowedRoots> AllowedRoots::Make(const std::vector<std::string>& folders) {
  AllowedRoots roots;
  for (const std::string& folder : folders) {
    std::error_code error;
    const fs::path canonical = fs::canonical(folder, error);
    if (error || !fs::is_directory(canonical, error)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "allow_root: ", folder, ": ", error ? error.message() : "a folder was expected"));
    }
    roots.roots_.push_back(canonical.string());
  }
  return roots;
}

absl::StatusOr<LocalFile> AllowedRoots::Resolve(const std::string& path) const {
  const std::string shown = Shorten(path, kShownPathBytes);
  std::error_code error;
  const bool usable = !path.empty() && path[0] == '/' && path.find('\0') == std::string::npos;
  const fs::path canonical = usable ? fs::weakly_canonical(path, error) : fs::path();
  const bool allowed =
      usable && !error && std::any_of(roots_.begin(), roots_.end(), [&](const auto& root) {
        return server::IsAtOrBelow(canonical, root);
      });
  if (!allowed) {
    return domain::MakeError(
        absl::StatusCode::kInvalidArgument, domain::reason::kPathNotAllowed,
        absl::StrCat(shown, " is not an absolute path below a folder that the server allows",
                     roots_.empty() ? " (it allows none: start it with --allow_root)" : ""));
  }
  const fs::file_status found = fs::status(canonical, error);
  if (!fs::exists(found)) return absl::NotFoundError(absl::StrCat("there is no file ", shown));
  if (!fs::is_regular_file(found)) {
    return absl::InvalidArgumentError(absl::StrCat(shown, " is not a file"));
  }
  if (::access(canonical.c_str(), R_OK) != 0) {
    return absl::InvalidArgumentError(absl::StrCat(shown, " cannot be read by the server"));
  }
  const uintmax_t size = fs::file_size(canonical, error);
  if (error) return absl::InvalidArgumentError(absl::StrCat(shown, ": ", error.message()));
  return LocalFile{canonical.string(), static_cast<int64_t>(size)};
}

}  // namespace winnow::rpc
