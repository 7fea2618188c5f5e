// A selection with one of several values of a parameter, and the retrain of its picks, by whose
// validation loss the value is chosen. The model of the selection run is written to a folder of the
// trial (selection_files.h).
#ifndef WINNOW_KERNELS_TRAIN_TRIAL_RUN_H_
#define WINNOW_KERNELS_TRAIN_TRIAL_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/selection.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_context.h"
#include "kernels/train/parts.h"
#include "kernels/train/repeat_run.h"
#include "kernels/train/training_run.h"
#include "kernels/train/tuning.h"

namespace winnow::train {

// Where the models of selection runs go.
struct ModelFolder {
  std::string dictionaries_path;
  std::string directory;  // of the attempt
};

class TrialRun final : public Parts {
 public:
  // Of the context's trial. OWNERSHIP: context and sink outlive the run. Errors as SelectionRun.
  static absl::StatusOr<std::unique_ptr<TrialRun>> Create(const JobContext& context,
                                                          const ModelFolder& folder,
                                                          EventSink& events);

  void Start() override { selection_->Start(); }
  bool done() const override { return retrain_ != nullptr && retrain_->done(); }
  absl::Status Advance() override;
  // Completes the selection at once, without a retrain that is not complete.
  absl::Status FinishEarly();

  // REQUIRES: done() or FinishEarly.
  const std::vector<Pick>& picks() const { return picks_; }
  // The retrained model; none where it is not complete.
  std::optional<MaskedModel> model() const;

  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  std::string phase() const override;

 private:
  TrialRun(const JobContext& context, EventSink& events);
  const Activity& present() const override {
    return retrain_ != nullptr ? static_cast<const Activity&>(*retrain_) : *selection_;
  }
  absl::Status MakeSelection(const ModelFolder& folder);
  absl::Status MakeRetrain();

  const JobContext& context_;
  TrialEvents events_;
  std::unique_ptr<RepeatRun> selection_;  // null once its picks are retrained
  std::unique_ptr<TrainingRun> retrain_;
  std::vector<Pick> picks_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_TRIAL_RUN_H_
