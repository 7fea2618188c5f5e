// A whole selection beside others, with a seed or a parameter of its own: the selection run and,
// where it picks more than the budget allows, the pruning of its picks.
#ifndef WINNOW_KERNELS_TRAIN_REPEAT_RUN_H_
#define WINNOW_KERNELS_TRAIN_REPEAT_RUN_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/selection.h"
#include "kernels/train/backward_prune.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_context.h"
#include "kernels/train/parts.h"
#include "kernels/train/selection_run.h"

namespace winnow::train {

class RepeatRun final : public Parts {
 public:
  // Called with the selection run at its end; an error ends the repeat.
  using OnSelected = std::function<absl::Status(const SelectionRun& run)>;

  // Of the context's repeat and trial. OWNERSHIP: context and sink outlive the run. Errors as
  // SelectionRun.
  static absl::StatusOr<std::unique_ptr<RepeatRun>> Create(const JobContext& context,
                                                           EventSink& events,
                                                           OnSelected on_selected = nullptr);

  void Start() override { selection_->Start(); }
  bool done() const override { return done_; }
  absl::Status Advance() override;
  // Ends at once: the picks are filled up, or what is too much is dropped.
  absl::Status FinishEarly();
  // REQUIRES: done().
  const std::vector<Pick>& picks() const { return picks_; }

  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

 private:
  RepeatRun(const JobContext& context, EventSink& events, OnSelected on_selected)
      : context_(context), events_(events), on_selected_(std::move(on_selected)) {}
  const Activity& present() const override {
    return prune_ != nullptr ? static_cast<const Activity&>(*prune_) : *selection_;
  }
  absl::Status EndSelection();
  void EndPruning();

  const JobContext& context_;
  EventSink& events_;
  const OnSelected on_selected_;
  std::unique_ptr<SelectionRun> selection_;  // null once its picks are pruned
  std::unique_ptr<BackwardPrune> prune_;
  std::vector<Pick> overselected_;  // of the selection run, to be pruned
  std::vector<Pick> picks_;
  bool done_ = false;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_REPEAT_RUN_H_
