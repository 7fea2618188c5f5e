// One ordinary training of a model: the full one, the smaller one, a control, a point of the curve.
//
// Batches are a fresh permutation of the training rows every epoch. With early stopping the weights
// after the epoch of least validation loss are the result (the first of equal ones; the last epoch
// counts, complete or not); training goes on to its last step in any case, because the schedule is
// made for that length.
#ifndef WINNOW_KERNELS_TRAIN_TRAINING_RUN_H_
#define WINNOW_KERNELS_TRAIN_TRAINING_RUN_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/nn/network.h"
#include "kernels/nn/train_step.h"
#include "kernels/train/activity.h"
#include "kernels/train/batch_stream.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

struct TrainingConfig {
  std::string name;     // of the stage
  std::string streams;  // random streams are "init/<streams>", ...; empty: those of the name
  // Batches are those of the stream "shuffle/<shuffle>". Trainings as planned share one: what tells
  // their results apart is the model, not the luck of an order.
  std::string shuffle = "train";
  plan::ModelShape shape;
  std::vector<float> mask;  // block masks on the plan's candidates; empty: none
  int64_t steps = 0;
  int32_t batch_size = 1;
  double learning_rate = 0;
  plan::Schedule schedule = plan::Schedule::kConstant;
  double final_learning_rate = 0;  // as a fraction of learning_rate
  double weight_decay = 0;
  double input_noise = 0, dropout = 0;
  bool early_stopping = false;
  plan::Optimizer optimizer = plan::Optimizer::kAdam;
  double momentum = 0;
};

// The plan's training of `shape`. REQUIRES: the plan is resolved.
TrainingConfig PlannedTraining(const plan::Plan& plan, const std::string& name,
                               const plan::ModelShape& shape);

class TrainingRun final : public Activity {
 public:
  // `batches`: those of the config, for its shape; null: it makes them itself.
  static absl::StatusOr<std::unique_ptr<TrainingRun>> Create(
      const JobContext& context, TrainingConfig config,
      std::unique_ptr<BatchStream> batches = nullptr);

  bool done() const override { return step_ >= config_.steps; }
  absl::Status Advance() override;
  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  int64_t steps_done() const override { return step_; }
  int64_t samples_done() const override { return samples_; }
  double loss() const override { return loss_; }
  std::string phase() const override { return config_.name; }

  // The best epoch's weights once done, else the current ones.
  MaskedModel model() const;
  const TrainingConfig& config() const { return config_; }

 private:
  TrainingRun(const JobContext& context, TrainingConfig config, nn::Network network,
              std::unique_ptr<BatchStream> batches);
  absl::Status Validate();

  const JobContext& context_;
  TrainingConfig config_;
  nn::Network network_;
  std::optional<gates::WeightFold> fold_;
  std::unique_ptr<BatchStream> batches_;
  std::unique_ptr<nn::TrainStep> train_step_;
  std::vector<uint32_t> validation_rows_;  // empty: no early stopping
  std::optional<nn::Network> best_;
  double best_loss_ = 0;
  int64_t step_ = 0, samples_ = 0;
  double loss_ = 0;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_TRAINING_RUN_H_
