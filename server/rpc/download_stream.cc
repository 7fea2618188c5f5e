#include "server/rpc/download_stream.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/crc32c.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/artifact_files.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {
namespace {

absl::Status BeyondEnd(const std::string& name, int64_t offset, int64_t size) {
  domain::Error error;
  error.code = absl::StatusCode::kOutOfRange;
  error.reason = domain::reason::kWrongOffset;
  error.subject = name;
  error.message =
      absl::StrCat("read_offset ", offset, " of ", name, " must be 0 to its size, ", size);
  error.metadata["sizeBytes"] = absl::StrCat(size);
  return domain::ToStatus(error);
}

}  // namespace

DownloadStream::DownloadStream(const Deps& deps, Caller caller,
                               grpc::CallbackServerContext* context,
                               const v1::DownloadArtifactRequest* request)
    : deps_(deps),
      caller_(std::move(caller)),
      context_(context),
      request_(request),
      standing_(deps, caller_, method::kDownloadArtifact) {
  StartSendInitialMetadata();
  deps_.bulk->Schedule([this] {
    const absl::Status opened = Open();
    if (!opened.ok()) return Close(opened);
    Next();
  });
}

absl::Status DownloadStream::Open() {
  RETURN_IF_ERROR(deps_.gate->CheckOpen());
  ASSIGN_OR_RETURN(const domain::ArtifactName name, ResolveArtifact(caller_, request_->name()));
  ASSIGN_OR_RETURN(const ArtifactFile found, FindArtifactFile(deps_, name));
  absl::StatusOr<std::unique_ptr<server::ReadableFile>> file =
      deps_.files->OpenReadable(found.path);
  // Registered but gone: a fault of the server's disk, whose paths are nobody's business.
  if (!file.ok()) return absl::InternalError(file.status().ToString());
  file_ = *std::move(file);
  ASSIGN_OR_RETURN(end_, file_->Size());
  offset_ = request_->read_offset();
  if (offset_ < 0 || offset_ > end_) return BeyondEnd(name.ToString(), offset_, end_);
  return absl::OkStatus();
}

void DownloadStream::Next() {
  if (context_->IsCancelled()) return Close(absl::CancelledError("the client is gone"));
  const absl::Status standing = standing_.Check();
  if (!standing.ok()) return Close(standing);
  if (offset_ == end_) return Close(absl::OkStatus());
  const int64_t size = std::min(deps_.limits.download_chunk_bytes, end_ - offset_);
  absl::StatusOr<std::string> bytes = file_->Read(offset_, static_cast<size_t>(size));
  if (!bytes.ok()) return Close(absl::InternalError(bytes.status().ToString()));
  if (bytes->empty()) return Close(absl::OkStatus());  // a log that was cut short
  frame_.set_offset(offset_);
  frame_.set_data_crc32c(server::Crc32c(bytes->data(), bytes->size()));
  offset_ += static_cast<int64_t>(bytes->size());
  frame_.set_data(*std::move(bytes));
  StartWrite(&frame_);
}

void DownloadStream::OnWriteDone(bool ok) {
  if (!ok) return Close(absl::CancelledError("the client is gone"));
  deps_.bulk->Schedule([this] { Next(); });
}

void DownloadStream::Close(const absl::Status& status) {
  Finish(Answer(*context_, *deps_.telemetry, status));
}

void DownloadStream::OnDone() { delete this; }

}  // namespace winnow::rpc
