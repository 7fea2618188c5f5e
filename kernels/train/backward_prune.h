// Backward pruning: from more candidates than the budget allows down to the budget.
//
// Forward picking cannot see that two of its picks say the same; removal can. A fresh model on the
// K picked candidates is trained shortly; then, until the budget holds: the removal loss of every
// candidate is the training loss with its mask set to 0 (a standardised input set to its mean, an
// embedding to 0), the candidates of smallest removal loss are dropped, and a few steps of training
// let the rest take over.
// Numbers from a prototype on MNIST, 75 -> 50 pixels: Adam, rate 3e-3 -> 1e-3 linear, batch 256, 5
// epochs (40 on small tables; here at most 2,000 steps); losses on 4,096 training rows; 2 dropped a
// round, 30 steps at 1e-3 between rounds. It was worth +.004 test accuracy over picking 50 at once.
// Must-keep candidates and prerequisites of others are never dropped.
#ifndef WINNOW_KERNELS_TRAIN_BACKWARD_PRUNE_H_
#define WINNOW_KERNELS_TRAIN_BACKWARD_PRUNE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/selection.h"
#include "kernels/nn/network.h"
#include "kernels/nn/predictor.h"
#include "kernels/nn/train_step.h"
#include "kernels/train/activity.h"
#include "kernels/train/batch_feed.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_context.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// How long and in which portions; a function of the plan alone.
struct PruneSettings {
  int64_t training_steps = 0;
  int32_t batch_size = 1;
  int64_t drops_per_round = 1;
  int64_t rounds = 0;  // planned; the budget decides
  int64_t steps() const;
};
PruneSettings PlannedPruning(const plan::Plan& plan, int64_t picked);

// OWNERSHIP: context and sink outlive this.
class BackwardPrune final : public Activity {
 public:
  // `picks`: those of the selection run, in order.
  static absl::StatusOr<std::unique_ptr<BackwardPrune>> Create(const JobContext& context,
                                                               const std::vector<Pick>& picks,
                                                               EventSink& events);

  bool done() const override;
  absl::Status Advance() override;
  // Ends at once: drops what is too much by the newest removal losses; candidates that have none
  // go last, the latest picks first.
  void FinishEarly();

  // The survivors in the order of their picks.
  std::vector<Pick> picks() const;

  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  int64_t steps_done() const override { return step_; }
  int64_t samples_done() const override { return samples_; }
  double loss() const override { return loss_; }
  int64_t picked() const override { return alive_count_; }
  std::string phase() const override { return "prune"; }

 private:
  BackwardPrune(const JobContext& context, const std::vector<Pick>& picks, EventSink& events,
                nn::Network network, gates::WeightFold fold);
  absl::Status Train(double learning_rate);
  absl::Status MeasureSome();
  absl::StatusOr<double> Loss() const;
  void DropSome();
  bool DropWeakest();
  bool FitsBudget() const;
  bool MayDrop(size_t pick) const;

  const JobContext& context_;
  EventSink& events_;
  std::vector<Pick> picks_;
  PruneSettings settings_;
  nn::Network network_;
  gates::WeightFold fold_;
  CachedSource measured_;
  BatchFeed batches_;
  std::unique_ptr<nn::TrainStep> train_step_;
  std::unique_ptr<nn::Predictor> predictor_;

  std::vector<float> mask_;           // on all candidates of the plan
  std::vector<uint8_t> alive_;        // per pick
  std::vector<double> removal_loss_;  // per pick, of the round at hand
  double whole_loss_ = 0;             // of the round at hand, nothing removed
  int64_t alive_count_ = 0;
  int64_t measured_picks_ = 0;  // of the round at hand
  int64_t tune_steps_left_ = 0;
  int64_t step_ = 0, samples_ = 0;
  double loss_ = 0;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BACKWARD_PRUNE_H_
