#include "server/rpc/upload_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/rpc/errors.h"

namespace winnow::rpc {

UploadStream::UploadStream(const Deps& deps, UploadLocks& locks, StreamTicks& ticks, Caller caller,
                           grpc::CallbackServerContext* context,
                           v1::UploadDatasetResponse* response)
    : deps_(deps),
      locks_(locks),
      ticks_(ticks),
      caller_(std::move(caller)),
      context_(context),
      response_(response),
      standing_(deps, caller_, method::kUploadDataset) {
  deps_.telemetry->OnUploadsChanged(1);
  ReadNext();
  tick_ = ticks_.Add([this] { Tick(); });
}

UploadStream::~UploadStream() { deps_.telemetry->OnUploadsChanged(-1); }

void UploadStream::ReadNext() {
  absl::MutexLock lock(&mutex_);
  reading_ = true;
  StartRead(&frame_);
}

void UploadStream::OnReadDone(bool ok) {
  {
    absl::MutexLock lock(&mutex_);
    if (!reading_) return;  // ended meanwhile
    reading_ = false;
  }
  deps_.bulk->Schedule([this, ok] {
    if (!ok) return HandleEnd();
    const absl::StatusOr<bool> more = HandleFrame();
    if (!more.ok()) return Close(more.status());
    if (!*more) return Close(absl::OkStatus());
    ReadNext();
  });
}

void UploadStream::Tick() {
  absl::MutexLock lock(&mutex_);
  if (!reading_) return;  // the frame that is being handled, or the end, comes first
  const absl::Status status = Check();
  if (status.ok()) return;
  reading_ = false;
  deps_.bulk->Schedule([this, status] { Close(status); });
}

absl::Status UploadStream::Check() {
  RETURN_IF_ERROR(deps_.gate->CheckAccepting());
  return standing_.Check();
}

absl::StatusOr<bool> UploadStream::HandleFrame() {
  {
    absl::MutexLock lock(&mutex_);
    RETURN_IF_ERROR(Check());
  }
  if (upload_ == nullptr) {
    RETURN_IF_ERROR(OpenUpload());
  } else if (!frame_.name().empty() || frame_.file_index() != 0) {
    return domain::InvalidFields({{"name", "and file_index belong in the first frame only"}});
  }
  if (upload_->is_complete()) return false;
  RETURN_IF_ERROR(upload_->Append(frame_.write_offset(), frame_.data(), frame_.data_crc32c()));
  if (!frame_.finish_write()) return true;
  RETURN_IF_ERROR(upload_->Complete());
  return false;
}

absl::Status UploadStream::OpenUpload() {
  ASSIGN_OR_RETURN(const domain::DatasetName name, ResolveDataset(caller_, frame_.name()));
  ASSIGN_OR_RETURN(upload_,
                   Upload::Open(deps_, locks_, name, frame_.file_index(), frame_.write_offset()));
  return absl::OkStatus();
}

// The client has said all, or is gone: what came is kept.
void UploadStream::HandleEnd() {
  if (upload_ == nullptr) {
    return Close(domain::InvalidFields({{"name", "is required in the first frame"}}));
  }
  Close(absl::OkStatus());
}

void UploadStream::Close(const absl::Status& original) {
  absl::Status status = original;
  if (upload_ != nullptr) {
    // Good bytes before a bad frame count: the client goes on behind them.
    const absl::Status committed = upload_->Commit();
    if (status.ok()) status = committed;
    response_->set_committed_size_bytes(upload_->committed());
    response_->set_complete(upload_->is_complete());
    upload_.reset();  // the next writer may come before this call is over
  }
  Finish(Answer(*context_, *deps_.telemetry, status));
}

void UploadStream::OnDone() {
  ticks_.Remove(tick_);
  delete this;
}

}  // namespace winnow::rpc
