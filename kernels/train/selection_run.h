// The selection run: a selector drives the mask while the full model trains.
//
// Two kinds (Row::trains_the_model). The selector's own run: Adam at a constant rate, its weights
// are thrown away. An ordinary training with a moving mask: optimizer, schedule, noise and dropout
// of `training`; for blocks its weights under the final mask are the result. Steps, batch, rate and
// decay of both stand in the plan and the selector's parameters.
//
// The gain of a pick is measured at the end of its phase: the validation loss (NetworkProbe: on at
// most 4,096 rows) with the mask of the picks so far, and of nothing else, before and after. Both
// losses of the first phase are taken with the same weights; later phases compare with the loss at
// the end of the phase before, so gains add up to the whole drop. Selectors that train the model or
// pick everything in one phase have no gains.
#ifndef WINNOW_KERNELS_TRAIN_SELECTION_RUN_H_
#define WINNOW_KERNELS_TRAIN_SELECTION_RUN_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/nn/network.h"
#include "kernels/nn/train_step.h"
#include "kernels/selectors/registry.h"
#include "kernels/selectors/selector.h"
#include "kernels/train/activity.h"
#include "kernels/train/batch_feed.h"
#include "kernels/train/ensemble.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_context.h"
#include "kernels/train/model_probe.h"
#include "kernels/train/run_job.h"
#include "kernels/train/training_run.h"

namespace winnow::train {

// What is selected and how the model trains meanwhile.
struct SelectionConfig {
  const selectors::Row* row = nullptr;
  selectors::ParamValues params;
  selectors::Problem problem;
  TrainingConfig training;
};

// Of the context's repeat and trial. NOT_FOUND when the plan names an unknown selector.
absl::StatusOr<SelectionConfig> PlannedSelection(const JobContext& context);

// The event of the pick at place `rank`, from 1.
PickMade PickEvent(const CandidateSet& candidates, const Pick& pick, int64_t rank, int32_t repeat);

class SelectionRun final : public Activity {
 public:
  // OWNERSHIP: context and sink outlive the run. Errors as Selector::Begin.
  static absl::StatusOr<std::unique_ptr<SelectionRun>> Create(const JobContext& context,
                                                              const SelectionConfig& config,
                                                              EventSink& events);

  // Reports the first phase and the candidates that are kept in any case.
  void Start() override;

  bool done() const override;
  absl::Status Advance() override;
  // After the last step, or instead of the steps that are left: fills the picks up to the budget
  // and reports those that were not reported yet.
  absl::Status Complete();

  // In order, with gains. Complete after Complete.
  std::vector<Pick> picks() const;
  // The network under the selector's mask as it is now.
  MaskedModel model() const;
  double logit_stddev() const { return selector_->logit_stddev(); }
  std::vector<float> final_logits() const { return selector_->final_logits(); }

  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  int64_t steps_done() const override { return step_; }
  int64_t samples_done() const override { return samples_; }
  double loss() const override { return loss_; }
  int64_t picked() const override { return reported_; }
  std::string phase() const override { return "select/" + phase_; }
  std::vector<std::pair<std::string, double>> top_scores() const override;

 private:
  SelectionRun(const JobContext& context, const SelectionConfig& config, EventSink& events,
               nn::Network network, gates::WeightFold fold);
  absl::Status MakeTrainStep();
  absl::Status TrainOnce();
  absl::Status Handle(const selectors::StepOutcome& outcome);
  absl::Status MeasureGain();
  void ReportPicks();
  bool measures_gains() const;

  const JobContext& context_;
  SelectionConfig config_;
  EventSink& events_;
  nn::Network network_;
  gates::WeightFold fold_;
  std::unique_ptr<selectors::Selector> selector_;
  std::unique_ptr<NetworkProbe> probe_;
  BatchFeed batches_;
  std::unique_ptr<nn::TrainStep> train_step_;
  Ensemble others_;
  std::vector<float> mask_gradient_;

  std::string phase_;
  int64_t step_ = 0, samples_ = 0;
  double loss_ = 0;
  bool finished_ = false;             // the selector wants no further step
  int64_t reported_ = 0;              // picks whose event is out
  std::optional<double> picks_loss_;  // validation loss with the picks so far
  std::map<int32_t, double> gains_;   // by candidate
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SELECTION_RUN_H_
