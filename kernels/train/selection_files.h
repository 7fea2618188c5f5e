// Where the models of selections lie while a job runs: in the folder of its attempt, and of every
// trial in a folder of its own below until one is chosen.
#ifndef WINNOW_KERNELS_TRAIN_SELECTION_FILES_H_
#define WINNOW_KERNELS_TRAIN_SELECTION_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::train {

// Makes the folder of a trial where there is none. INTERNAL with the system's reason.
absl::StatusOr<std::string> MakeTrialFolder(const std::string& directory, int32_t trial);

// What an earlier attempt wrote into `from`: its selection's model and those of `trials` trials,
// where `to` has none.
absl::Status CarryModelsOver(const std::string& from, const std::string& to, int32_t trials);

// Makes the model of a trial that of the selection, in place of any other; the trial keeps its own,
// so that a resumed attempt may choose again. None where the trial trained nothing.
absl::Status ChooseTrialModel(const std::string& directory, int32_t trial);

// Once nothing of the job is left to be resumed.
absl::Status RemoveTrialFolders(const std::string& directory, int32_t trials);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SELECTION_FILES_H_
