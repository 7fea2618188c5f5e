// Files that are either whole or absent: temporary name, fsync, rename, fsync of the folder.
#ifndef WINNOW_KERNELS_BASE_ATOMIC_FILE_H_
#define WINNOW_KERNELS_BASE_ATOMIC_FILE_H_

#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace winnow {

// Writes `parts` one after the other. After OK the file survives a crash; on error an old file of
// that name is intact and no temporary file is left. RESOURCE_EXHAUSTED: the disk is full;
// otherwise INTERNAL with the system's reason.
absl::Status WriteFileAtomically(const std::string& path, std::span<const std::string_view> parts);

absl::Status WriteFileAtomically(const std::string& path, std::string_view content);

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_ATOMIC_FILE_H_
