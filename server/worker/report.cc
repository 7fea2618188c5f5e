#include "server/worker/report.h"

#include <filesystem>
#include <memory>

#include "server/base/file_system.h"
#include "server/base/sha256.h"
#include "server/base/status.h"

namespace winnow::worker {

absl::StatusOr<internal::v1::ArtifactFile> DescribeFile(const std::string& path,
                                                        const std::string& media_type) {
  internal::v1::ArtifactFile file;
  ASSIGN_OR_RETURN(const std::string sha256,
                   server::Sha256HexOfFile(*server::RealFileSystem(), path));
  std::error_code error;
  const auto size = std::filesystem::file_size(path, error);
  if (error) return absl::InternalError(path + ": " + error.message());
  file.set_artifact_id(std::filesystem::path(path).filename().string());
  file.set_path(path);
  file.set_size_bytes(static_cast<int64_t>(size));
  file.set_sha256(sha256);
  file.set_media_type(media_type);
  return file;
}

google::rpc::Status ErrorToProto(const absl::Status& status) {
  google::rpc::Status to;
  to.set_code(static_cast<int>(status.code()));
  to.set_message(std::string(status.message()));
  return to;
}

}  // namespace winnow::worker
