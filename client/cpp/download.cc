#include "client/cpp/download.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "client/cpp/crc32c.h"
#include "client/cpp/error.h"
#include "client/cpp/sha256.h"
#include "client/cpp/status_macros.h"

namespace winnow::client {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(100);  // doubles without progress
constexpr absl::Duration kLongestPause = absl::Seconds(5);
constexpr absl::Duration kPatience = absl::Seconds(60);  // without progress

using Sink = std::function<absl::Status(const std::string& data)>;

// One stream from `offset`, which rises with what `sink` took.
absl::Status ReadStream(Client& client, const std::string& name, int64_t& offset,
                        const Sink& sink) {
  grpc::ClientContext context;
  client.Prepare(context);
  const Cancellation::Scope scope(&client.cancellation(), &context);
  v1::DownloadArtifactRequest request;
  request.set_name(name);
  request.set_read_offset(offset);
  const auto reader = client.artifacts().DownloadArtifact(&context, request);
  v1::DownloadArtifactResponse frame;
  absl::Status refused;
  while (refused.ok() && reader->Read(&frame)) {
    if (frame.offset() != offset || Crc32c(frame.data()) != frame.data_crc32c()) {
      refused = absl::UnavailableError(absl::StrCat(name, ": damaged on the way at byte ", offset));
    } else {
      refused = sink(frame.data());
      if (refused.ok()) offset += static_cast<int64_t>(frame.data().size());
    }
  }
  if (!refused.ok()) context.TryCancel();
  const absl::Status finished = FromGrpc(reader->Finish());
  return refused.ok() ? finished : refused;
}

absl::Status Download(Client& client, const std::string& name, const Sink& sink) {
  ASSIGN_OR_RETURN(const v1::Artifact artifact, client.GetArtifact(name));
  Sha256 hash;
  const Sink hashed = [&](const std::string& data) {
    hash.Update(data.data(), data.size());
    return sink(data);
  };
  int64_t offset = 0;
  absl::Duration pause = kFirstPause;
  absl::Time progress = absl::Now();
  while (true) {
    const int64_t before = offset;
    const absl::Status read = ReadStream(client, name, offset, hashed);
    if (read.ok()) break;
    if (offset > before) {
      pause = kFirstPause;
      progress = absl::Now();
    }
    const bool patient = absl::Now() - progress < kPatience;
    if (read.code() != absl::StatusCode::kUnavailable || !patient) return read;
    RETURN_IF_ERROR(client.cancellation().Pause(pause));
    pause = std::min(2 * pause, kLongestPause);
  }
  const std::string found = hash.HexDigest();
  if (!artifact.sha256().empty() && artifact.sha256() != found) {
    return absl::DataLossError(absl::StrCat(name, ": SHA-256 of what arrived is ", found,
                                            ", expected ", artifact.sha256()));
  }
  return absl::OkStatus();
}

absl::Status FileError(const std::string& path, int error) {
  return absl::UnknownError(absl::StrCat(path, ": ", std::strerror(error)));
}

absl::Status DownloadInto(Client& client, const std::string& name, const std::string& path) {
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) return FileError(path, errno);
  RETURN_IF_ERROR(Download(client, name, [&](const std::string& data) {
    file.write(data.data(), static_cast<std::streamsize>(data.size()));
    return file ? absl::OkStatus() : FileError(path, errno);
  }));
  file.close();
  return file ? absl::OkStatus() : FileError(path, errno);
}

}  // namespace

absl::StatusOr<std::string> DownloadText(Client& client, const std::string& name) {
  std::string text;
  RETURN_IF_ERROR(Download(client, name, [&](const std::string& data) {
    text += data;
    return absl::OkStatus();
  }));
  return text;
}

absl::Status DownloadFile(Client& client, const std::string& name, const std::string& path) {
  const std::string part = absl::StrCat(path, ".part-", ::getpid());
  std::error_code error;
  const absl::Status written = DownloadInto(client, name, part);
  if (written.ok()) std::filesystem::rename(part, path, error);
  if (written.ok() && !error) return written;
  std::error_code ignored;
  std::filesystem::remove(part, ignored);
  return written.ok() ? absl::UnknownError(absl::StrCat(path, ": ", error.message())) : written;
}

}  // namespace winnow::client
