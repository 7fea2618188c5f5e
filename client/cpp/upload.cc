#include "client/cpp/upload.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/cpp/crc32c.h"
#include "client/cpp/error.h"
#include "client/cpp/sha256.h"
#include "client/cpp/status_macros.h"

namespace winnow::client {
namespace {

constexpr int64_t kChunkBytes = 256 * 1024;
constexpr absl::Duration kLongestPause = absl::Seconds(5);

absl::StatusOr<std::ifstream> OpenFile(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return absl::NotFoundError(path + ": no such file");
  if (std::filesystem::is_directory(status)) {
    return absl::InvalidArgumentError(path + ": is a folder, expected a file");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::PermissionDeniedError(path + ": " + std::strerror(errno));
  return file;
}

// The file as the server knows it now.
absl::StatusOr<v1::DatasetFile> FileOf(Client& client, const std::string& name, int index) {
  ASSIGN_OR_RETURN(const v1::Dataset dataset, client.GetDataset(name));
  if (dataset.state() == v1::Dataset::STATE_FAILED) return FromRpc(dataset.error());
  if (index >= dataset.files_size()) {
    return absl::InternalError(
        absl::StrCat(name, " has ", dataset.files_size(), " files, expected more than ", index));
  }
  return dataset.files(index);
}

absl::Status CheckSize(const std::string& path, int64_t declared) {
  std::error_code error;
  const int64_t size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  if (error) return absl::NotFoundError(absl::StrCat(path, ": ", error.message()));
  if (size == declared) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": changed since it was declared: ", size, " bytes, expected ", declared));
}

bool IsResumable(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable ||
         status.code() == absl::StatusCode::kAborted ||
         status.code() == absl::StatusCode::kOutOfRange;
}

// One stream: the file from `offset` to its end.
absl::Status SendFrom(Client& client, const std::string& dataset, int index,
                      const std::string& path, int64_t size, int64_t offset,
                      const UploadOptions& options) {
  ASSIGN_OR_RETURN(std::ifstream file, OpenFile(path));
  file.seekg(offset);
  grpc::ClientContext context;
  client.Prepare(context);
  const Cancellation::Scope scope(&client.cancellation(), &context);
  v1::UploadDatasetResponse response;
  const auto writer = client.datasets().UploadDataset(&context, &response);
  v1::UploadDatasetRequest frame;
  frame.set_name(dataset);
  frame.set_file_index(index);
  bool is_open = true;
  do {
    std::string& data = *frame.mutable_data();
    data.resize(std::min(kChunkBytes, size - offset));
    file.read(data.data(), static_cast<std::streamsize>(data.size()));
    if (file.gcount() != static_cast<std::streamsize>(data.size())) {
      context.TryCancel();
      (void)writer->Finish();
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": became shorter than the declared ", size, " bytes"));
    }
    frame.set_write_offset(offset);
    frame.set_data_crc32c(Crc32c(data));
    offset += static_cast<int64_t>(data.size());
    frame.set_finish_write(offset >= size);
    is_open = writer->Write(frame);
    frame.Clear();
    if (options.progress) options.progress(offset);
  } while (is_open && offset < size);
  if (is_open) writer->WritesDone();
  RETURN_IF_ERROR(FromGrpc(writer->Finish()));
  if (response.complete()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the server ended the upload of ", path, " after ",
                                             response.committed_size_bytes(), " of ", size,
                                             " bytes"));
}

}  // namespace

absl::StatusOr<v1::DatasetFile> DeclareFile(const std::string& path, v1::DatasetFile::Role role) {
  ASSIGN_OR_RETURN(std::ifstream file, OpenFile(path));
  Sha256 hash;
  int64_t size = 0;
  std::vector<char> block(size_t{1} << 20);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())), file.gcount() > 0) {
    hash.Update(block.data(), static_cast<size_t>(file.gcount()));
    size += file.gcount();
  }
  if (file.bad()) return absl::UnknownError(path + ": cannot be read");
  if (size == 0) return absl::InvalidArgumentError(path + ": the file is empty");
  v1::DatasetFile declared;
  declared.set_filename(std::filesystem::path(path).filename().string());
  declared.set_role(role);
  declared.set_size_bytes(size);
  declared.set_sha256(hash.HexDigest());
  return declared;
}

absl::Status UploadFile(Client& client, const std::string& dataset, int index,
                        const std::string& path, const UploadOptions& options) {
  ASSIGN_OR_RETURN(const v1::DatasetFile declared, FileOf(client, dataset, index));
  const int64_t size = declared.size_bytes();
  int64_t offset = declared.committed_size_bytes();
  RETURN_IF_ERROR(CheckSize(path, size));
  absl::Duration pause = options.first_pause;
  int resumes = 0;
  while (true) {
    const absl::Status sent =
        SendFrom(client, dataset, index, path, size, std::min(offset, size), options);
    if (sent.ok()) return sent;
    if (client.cancellation().is_cancelled()) return absl::CancelledError("interrupted");
    if (!IsResumable(sent)) return sent;
    const absl::StatusOr<v1::DatasetFile> now = FileOf(client, dataset, index);
    if (!now.ok() && !IsUnreachable(now.status())) return now.status();
    if (now.ok() && now->committed_size_bytes() > offset) {
      resumes = 0;
      pause = options.first_pause;
    }
    if (now.ok()) offset = now->committed_size_bytes();
    if (++resumes > options.max_resumes) return sent;
    RETURN_IF_ERROR(client.cancellation().Pause(pause));
    pause = std::min(2 * pause, kLongestPause);
  }
}

}  // namespace winnow::client
