// What the server does with the files that attempts leave: checks artifacts, moves tables, removes
// leftovers.
#ifndef WINNOW_SERVER_SCHED_ATTEMPT_FILES_H_
#define WINNOW_SERVER_SCHED_ATTEMPT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "server/base/file_system.h"
#include "server/domain/job.h"
#include "server/domain/layout.h"
#include "server/domain/names.h"
#include "server/store/store.h"

namespace winnow::sched {

// INVALID_ARGUMENT unless `path` (relative to the job's folder) lies inside the attempt's own
// folder.
absl::Status RequireOwnPath(const domain::AttemptId& attempt, const std::string& path);

// Every artifact is where it says, of its size and SHA-256, under a valid id. DATA_LOSS
// DATA_CORRUPT names the first that is not.
absl::Status VerifyArtifacts(server::FileSystem& files, const domain::DataDirLayout& layout,
                             const domain::AttemptId& attempt,
                             const std::vector<domain::Artifact>& artifacts);

// Makes the folder of a successful import the dataset's table, durably. Again after a success: no
// effect.
absl::Status PublishTable(server::FileSystem& files, const domain::DataDirLayout& layout,
                          const domain::AttemptId& attempt);

// At start-up, after recovery: cuts part files of uploads to what was committed, removes half-done
// imports, temporary files and inferences, and folders whose resource is gone.
absl::Status SweepDataDir(server::FileSystem& files, const domain::DataDirLayout& layout,
                          store::Store& store);

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_ATTEMPT_FILES_H_
