#include "kernels/train/selection_files.h"

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/train/run_job.h"

namespace winnow::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFiles[] = {kSelectionModelFile, kSelectionManifestFile};

std::string TrialFolder(const std::string& directory, int32_t trial) {
  return absl::StrCat(directory, "/trial_", trial);
}

absl::Status ErrorOf(const char* what, const fs::path& path, const std::error_code& error) {
  return absl::InternalError(absl::StrCat(what, " '", path.string(), "': ", error.message()));
}

absl::Status LinkOrCopy(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) fs::copy_file(from, to, error);
  return error ? ErrorOf("carrying over", from, error) : absl::OkStatus();
}

absl::Status CarryFilesOver(const std::string& from, const std::string& to) {
  for (const char* name : kFiles) {
    std::error_code error;
    if (!fs::exists(fs::path(from) / name, error) || fs::exists(fs::path(to) / name, error)) {
      continue;
    }
    RETURN_IF_ERROR(LinkOrCopy(fs::path(from) / name, fs::path(to) / name));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> MakeTrialFolder(const std::string& directory, int32_t trial) {
  const std::string folder = TrialFolder(directory, trial);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return ErrorOf("making the folder", folder, error);
  return folder;
}

absl::Status CarryModelsOver(const std::string& from, const std::string& to, int32_t trials) {
  RETURN_IF_ERROR(CarryFilesOver(from, to));
  for (int32_t trial = 0; trial < trials; ++trial) {
    std::error_code error;
    const std::string source = TrialFolder(from, trial);
    if (!fs::exists(source, error)) continue;
    ASSIGN_OR_RETURN(const std::string folder, MakeTrialFolder(to, trial));
    RETURN_IF_ERROR(CarryFilesOver(source, folder));
  }
  return absl::OkStatus();
}

absl::Status ChooseTrialModel(const std::string& directory, int32_t trial) {
  for (const char* name : kFiles) {
    std::error_code error;
    fs::remove(fs::path(directory) / name, error);
    if (error) return ErrorOf("removing", fs::path(directory) / name, error);
  }
  return CarryFilesOver(TrialFolder(directory, trial), directory);
}

absl::Status RemoveTrialFolders(const std::string& directory, int32_t trials) {
  for (int32_t trial = 0; trial < trials; ++trial) {
    std::error_code error;
    fs::remove_all(TrialFolder(directory, trial), error);
    if (error) return ErrorOf("removing", TrialFolder(directory, trial), error);
  }
  return absl::OkStatus();
}

}  // namespace winnow::train
