// The bytes of one file of a dataset: from frames to a verified file on disk, whatever breaks in
// between. No RPC in here.
//
// Committed means durable: the part file is synced, then the store's committed size rises. What
// lies behind the committed size in the part file after a crash is cut off.
#ifndef WINNOW_SERVER_RPC_UPLOAD_H_
#define WINNOW_SERVER_RPC_UPLOAD_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "server/base/sha256.h"
#include "server/domain/dataset.h"
#include "server/rpc/deps.h"

namespace winnow::rpc {

// Which files are being written: one writer each. THREAD-SAFETY: any thread.
class UploadLocks {
 public:
  using Key = std::pair<domain::DatasetName, int>;

  // Held until destroyed.
  class Lock {
   public:
    Lock(UploadLocks* locks, Key key) : locks_(locks), key_(std::move(key)) {}
    ~Lock() { locks_->Release(key_); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    UploadLocks* const locks_;
    const Key key_;
  };

  // ABORTED UPLOAD_BUSY when there is a writer.
  absl::StatusOr<std::unique_ptr<Lock>> Acquire(const Key& key);
  // See TakeKnownContent.
  absl::Mutex& content_mutex() { return content_mutex_; }

 private:
  void Release(const Key& key);

  absl::Mutex content_mutex_;
  absl::Mutex mutex_;
  std::set<Key> held_ ABSL_GUARDED_BY(mutex_);
};

// One writer's session. THREAD-SAFETY: one thread at a time.
class Upload {
 public:
  // Opens the part file of an UPLOADING dataset at its committed size. OUT_OF_RANGE WRONG_OFFSET
  // unless `offset` is that; ABORTED UPLOAD_BUSY; FAILED_PRECONDITION UPLOAD_NOT_OPEN.
  // A file that is complete already, or whose content the tenant has imported before, gives an
  // upload that is_complete().
  static absl::StatusOr<std::unique_ptr<Upload>> Open(const Deps& deps, UploadLocks& locks,
                                                      const domain::DatasetName& dataset,
                                                      int file_index, int64_t offset);

  // Bytes behind those that came before. ABORTED CHUNK_CORRUPT, OUT_OF_RANGE WRONG_OFFSET.
  absl::Status Append(int64_t offset, const std::string& data, uint32_t crc32c);
  // Makes everything appended so far durable.
  absl::Status Commit();
  // Commits, checks size and SHA-256 and seals the file; the last file of a dataset starts the
  // import. INVALID_ARGUMENT CHECKSUM_MISMATCH: the dataset is FAILED then.
  absl::Status Complete();

  bool is_complete() const { return complete_; }
  // Bytes that are safe on disk.
  int64_t committed() const { return committed_; }

 private:
  Upload(const Deps& deps, domain::Dataset dataset, int file_index);
  absl::Status OpenPartFile();
  absl::Status Mismatch(const std::string& what, const std::string& got,
                        const std::string& expected);
  absl::Status WrongOffset(int64_t offset) const;
  absl::Status StartImportWhenAllAreHere();
  const domain::DatasetFile& file() const { return dataset_.files[static_cast<size_t>(index_)]; }

  const Deps& deps_;
  const domain::Dataset dataset_;  // as it was at first
  const int index_;
  std::unique_ptr<UploadLocks::Lock> lock_;
  std::unique_ptr<server::WritableFile> part_;
  server::Sha256 sha256_;  // of all bytes of the part file
  int64_t written_ = 0;
  int64_t committed_ = 0;
  bool complete_ = false;
};

// Nothing is left to upload.
bool HasAllFiles(const domain::Dataset& dataset);

// Start-up: cuts every part file back to what is committed, and starts imports that have all their
// files. REQUIRES: the scheduler has started; no upload is open.
absl::Status RecoverUploads(const Deps& deps);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_UPLOAD_H_
