// Jobs that ended long ago go, with their files.
#ifndef WINNOW_SERVER_SCHED_RETENTION_H_
#define WINNOW_SERVER_SCHED_RETENTION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/base/file_system.h"
#include "server/domain/layout.h"
#include "server/sched/scheduler.h"
#include "server/store/store.h"

namespace winnow::sched {

// Jobs that are looked at together.
inline constexpr int32_t kRetentionPage = 100;

// Deletes every job, of every tenant that has a folder, that ended before `before`; how many. A job
// that cannot be deleted stays for the next time and is logged.
absl::StatusOr<int64_t> DeleteJobsEndedBefore(absl::Time before, server::FileSystem& files,
                                              const domain::DataDirLayout& layout,
                                              store::Store& store, Scheduler& scheduler);

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_RETENTION_H_
