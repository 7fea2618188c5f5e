#include "kernels/train/training_run.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/train/batch_feed.h"
#include "kernels/train/running_loss.h"
#include "kernels/train/schedule.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {

TrainingConfig PlannedTraining(const plan::Plan& plan, const std::string& name,
                               const plan::ModelShape& shape) {
  const plan::TrainingSpec& training = plan.spec.training;
  TrainingConfig config;
  config.name = name;
  config.shape = shape;
  config.steps = plan.training_steps;
  config.batch_size = training.batch_size.value();
  config.learning_rate = training.learning_rate.value();
  config.schedule = training.schedule.value();
  config.final_learning_rate = training.final_learning_rate.value();
  config.weight_decay = training.weight_decay.value();
  config.input_noise = training.input_noise.value();
  config.dropout = training.dropout.value();
  config.early_stopping = training.early_stopping.value();
  config.optimizer = training.optimizer.value();
  config.momentum = training.momentum.value_or(0.0);
  return config;
}

TrainingRun::TrainingRun(const JobContext& context, TrainingConfig config, nn::Network network,
                         std::unique_ptr<BatchStream> batches)
    : context_(context),
      config_(std::move(config)),
      network_(std::move(network)),
      batches_(std::move(batches)) {}

absl::StatusOr<std::unique_ptr<TrainingRun>> TrainingRun::Create(
    const JobContext& context, TrainingConfig config, std::unique_ptr<BatchStream> batches) {
  ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(config.shape));
  if (batches == nullptr) {
    batches = std::make_unique<BatchFeed>(context, config.shape, config.shuffle, config.batch_size);
  }
  std::unique_ptr<TrainingRun> run(
      new TrainingRun(context, std::move(config), std::move(network), std::move(batches)));
  const TrainingConfig& made = run->config_;
  const std::string& streams = made.streams.empty() ? made.name : made.streams;
  run->network_.Init(context.seed(), "init/" + streams);
  if (context.warm != nullptr) RETURN_IF_ERROR(context.warm->StartTraining(run->network_));
  if (!made.mask.empty()) {
    ASSIGN_OR_RETURN(run->fold_, nn::MakeFold(made.shape, context.plan->candidates));
  }
  nn::TrainStepOptions options;
  options.loss = context.loss;
  options.optimizer = nn::OptimizerFor(made.optimizer, made.momentum);
  options.batch_size = run->batches_->batch_size();
  options.input_noise = static_cast<float>(made.input_noise);
  options.dropout = static_cast<float>(made.dropout);
  options.half_products = context.half_products();
  options.seed = context.seed();
  options.stream = streams;
  ASSIGN_OR_RETURN(run->train_step_,
                   nn::TrainStep::Create(&run->network_, run->fold_ ? &*run->fold_ : nullptr,
                                         options, context.pool));
  if (made.early_stopping) {
    run->validation_rows_ = EvenlySpaced(context.table->validation_rows(), kEpochValidationRows);
  }
  return run;
}

absl::Status TrainingRun::Advance() {
  nn::StepInput input;
  input.step = step_;
  ASSIGN_OR_RETURN(input.rows, batches_->Load(step_));
  input.learning_rate =
      config_.learning_rate *
      RateFactor(config_.schedule, config_.final_learning_rate, step_, config_.steps);
  input.weight_decay = config_.weight_decay;
  input.embedding_weight_decay = config_.weight_decay;
  input.mask = config_.mask;
  ASSIGN_OR_RETURN(const double loss, train_step_->Run(input, *batches_));
  loss_ = RunningLoss(loss_, loss, step_);
  ++step_;
  samples_ += input.rows;
  const bool epoch_ends = step_ % batches_->steps_per_epoch() == 0 || done();
  if (epoch_ends && !validation_rows_.empty()) return Validate();
  return absl::OkStatus();
}

absl::Status TrainingRun::Validate() {
  const MaskedModel current{&network_, fold_ ? &*fold_ : nullptr, config_.mask};
  ASSIGN_OR_RETURN(const double loss, MeanLoss(context_, current, validation_rows_));
  if (best_ && loss >= best_loss_) return absl::OkStatus();
  best_loss_ = loss;
  if (!best_) {
    ASSIGN_OR_RETURN(best_, nn::Network::Create(config_.shape));
  }
  best_->CopyFrom(network_);
  return absl::OkStatus();
}

MaskedModel TrainingRun::model() const {
  return {best_ && done() ? &*best_ : &network_, fold_ ? &*fold_ : nullptr, config_.mask};
}

void TrainingRun::Save(Checkpoint& checkpoint) const {
  const std::string prefix = StageSection(context_) + "/" + config_.name;
  checkpoint.PutValue(prefix + "/step", step_);
  checkpoint.PutValue(prefix + "/samples", samples_);
  checkpoint.PutValue(prefix + "/loss", loss_);
  network_.Save(prefix + "/network", checkpoint);
  train_step_->SaveOptimizer(prefix + "/optimizer", checkpoint);
  if (best_) {
    checkpoint.PutValue(prefix + "/best_loss", best_loss_);
    best_->Save(prefix + "/best", checkpoint);
  }
}

absl::Status TrainingRun::Load(const Checkpoint& checkpoint) {
  const std::string prefix = StageSection(context_) + "/" + config_.name;
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/step", std::span<int64_t>(&step_, 1)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/samples", std::span<int64_t>(&samples_, 1)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/loss", std::span<double>(&loss_, 1)));
  RETURN_IF_ERROR(network_.Load(prefix + "/network", checkpoint));
  train_step_->WeightsChanged();
  RETURN_IF_ERROR(train_step_->LoadOptimizer(prefix + "/optimizer", checkpoint));
  if (checkpoint.Has(prefix + "/best_loss")) {
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/best_loss", std::span<double>(&best_loss_, 1)));
    ASSIGN_OR_RETURN(best_, nn::Network::Create(config_.shape));
    RETURN_IF_ERROR(best_->Load(prefix + "/best", checkpoint));
  }
  return absl::OkStatus();
}

}  // namespace winnow::train
