#include "server/rpc/progress_board.h"

namespace winnow::rpc {

void ProgressBoard::SetJob(const domain::JobName& job, int32_t attempt, absl::Time now,
                           const v1::Progress& progress) {
  absl::MutexLock lock(&mutex_);
  ProgressNote& note = jobs_[job];
  note = ProgressNote{++version_, note.attempt == attempt ? note.number + 1 : 1, attempt, now,
                      progress};
}

void ProgressBoard::ClearJob(const domain::JobName& job) {
  absl::MutexLock lock(&mutex_);
  jobs_.erase(job);
}

std::optional<ProgressNote> ProgressBoard::Job(const domain::JobName& job) const {
  absl::MutexLock lock(&mutex_);
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return std::nullopt;
  return found->second;
}

void ProgressBoard::SetImport(const domain::DatasetName& dataset,
                              const v1::ImportProgress& progress) {
  absl::MutexLock lock(&mutex_);
  imports_[dataset] = progress;
}

void ProgressBoard::ClearImport(const domain::DatasetName& dataset) {
  absl::MutexLock lock(&mutex_);
  imports_.erase(dataset);
}

std::optional<v1::ImportProgress> ProgressBoard::Import(const domain::DatasetName& dataset) const {
  absl::MutexLock lock(&mutex_);
  const auto found = imports_.find(dataset);
  if (found == imports_.end()) return std::nullopt;
  return found->second;
}

}  // namespace winnow::rpc
