// The newest word on how far running work is. Not durable: a restart forgets it.
#ifndef WINNOW_SERVER_RPC_PROGRESS_BOARD_H_
#define WINNOW_SERVER_RPC_PROGRESS_BOARD_H_

#include <cstdint>
#include <map>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "server/domain/names.h"
#include "winnow/v1/dataset.pb.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::rpc {

struct ProgressNote {
  int64_t version = 0;  // grows with every note of the server
  int64_t number = 0;   // of the notes since the job's attempt began, from 1
  int32_t attempt = 0;
  absl::Time time;
  v1::Progress progress;
};

// THREAD-SAFETY: any thread.
class ProgressBoard {
 public:
  void SetJob(const domain::JobName& job, int32_t attempt, absl::Time now,
              const v1::Progress& progress);
  // Once no attempt of the job runs, its last note says nothing any more.
  void ClearJob(const domain::JobName& job);
  std::optional<ProgressNote> Job(const domain::JobName& job) const;

  void SetImport(const domain::DatasetName& dataset, const v1::ImportProgress& progress);
  void ClearImport(const domain::DatasetName& dataset);
  std::optional<v1::ImportProgress> Import(const domain::DatasetName& dataset) const;

 private:
  mutable absl::Mutex mutex_;
  int64_t version_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<domain::JobName, ProgressNote> jobs_ ABSL_GUARDED_BY(mutex_);
  std::map<domain::DatasetName, v1::ImportProgress> imports_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_PROGRESS_BOARD_H_
