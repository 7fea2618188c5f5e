#include "kernels/train/backward_prune.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/train/byte_codec.h"
#include "kernels/train/running_loss.h"
#include "kernels/train/subset.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {
namespace {

constexpr double kFirstRate = 3e-3, kLastRate = 1e-3;
constexpr int32_t kBatch = 256;
constexpr int64_t kSmallTableRows = 5000;
constexpr int64_t kEpochs = 5, kSmallTableEpochs = 40;
// A model good enough to measure removals by needs no more steps because the table is larger.
constexpr int64_t kMostTrainingSteps = 2000;
constexpr int64_t kLossRows = 4096;
constexpr int64_t kRounds = 13;
constexpr int64_t kTuneSteps = 30;
constexpr int64_t kMeasuredAtOnce = 8;  // candidates in one Advance
// The fewer are left, the more a wrong drop costs: never more than one of this many in a round.
constexpr int64_t kAlivePerDrop = 16;
constexpr double kUnmeasured = std::numeric_limits<double>::infinity();

// The model on which removal is measured: fields of dropped features are left out where that is
// all they need; chunks keep the full model and its mask.
plan::ModelShape PruningShape(const plan::Plan& plan, const std::vector<Pick>& picks) {
  if (plan.candidates.gate != GateKind::kFeature) return plan.model;
  std::vector<int32_t> selected;
  for (const Pick& pick : picks) selected.push_back(pick.candidate);
  return SubsetShape(plan.model, plan.candidates, selected);
}

// What a candidate costs in the currency that limits the subset; one that costs nothing as if 1.
double PriceOf(const Cost& cost, const Budget& budget) {
  const double price = LimitedCost(budget, cost);
  return price > 0 ? price : 1.0;
}

}  // namespace

int64_t PruneSettings::steps() const { return training_steps + rounds * kTuneSteps; }

PruneSettings PlannedPruning(const plan::Plan& plan, int64_t picked) {
  PruneSettings settings;
  settings.batch_size = static_cast<int32_t>(std::min<int64_t>(kBatch, plan.train_rows));
  const int64_t epochs = plan.train_rows > kSmallTableRows ? kEpochs : kSmallTableEpochs;
  settings.training_steps =
      std::min(kMostTrainingSteps,
               epochs * ((plan.train_rows + settings.batch_size - 1) / settings.batch_size));
  const int64_t excess = std::max<int64_t>(0, picked - plan.max_picks);
  settings.drops_per_round = std::max<int64_t>(1, (excess + kRounds - 1) / kRounds);
  settings.rounds = (excess + settings.drops_per_round - 1) / settings.drops_per_round;
  return settings;
}

BackwardPrune::BackwardPrune(const JobContext& context, const std::vector<Pick>& picks,
                             EventSink& events, nn::Network network, gates::WeightFold fold)
    : context_(context),
      events_(events),
      picks_(picks),
      settings_(PlannedPruning(*context.plan, static_cast<int64_t>(picks.size()))),
      network_(std::move(network)),
      fold_(std::move(fold)),
      measured_(context, network_.shape(), EvenlySpaced(context.table->train_rows(), kLossRows)),
      batches_(context, network_.shape(), "prune", settings_.batch_size),
      mask_(static_cast<size_t>(fold_.num_candidates), 0.0f),
      alive_(picks.size(), 1),
      removal_loss_(picks.size(), kUnmeasured),
      alive_count_(static_cast<int64_t>(picks.size())) {
  for (const Pick& pick : picks_) mask_[pick.candidate] = 1.0f;
}

absl::StatusOr<std::unique_ptr<BackwardPrune>> BackwardPrune::Create(const JobContext& context,
                                                                     const std::vector<Pick>& picks,
                                                                     EventSink& events) {
  const plan::ModelShape shape = PruningShape(*context.plan, picks);
  ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(shape));
  ASSIGN_OR_RETURN(gates::WeightFold fold, nn::MakeFold(shape, context.plan->candidates));
  std::unique_ptr<BackwardPrune> prune(
      new BackwardPrune(context, picks, events, std::move(network), std::move(fold)));
  prune->network_.Init(context.seed(), "init/prune");
  if (context.warm != nullptr) RETURN_IF_ERROR(context.warm->StartTraining(prune->network_));
  nn::TrainStepOptions options;
  options.loss = context.loss;
  options.batch_size = prune->batches_.batch_size();
  options.half_products = context.half_products();
  options.seed = context.seed();
  options.stream = "prune";
  ASSIGN_OR_RETURN(prune->train_step_,
                   nn::TrainStep::Create(&prune->network_, &prune->fold_, options, context.pool));
  ASSIGN_OR_RETURN(prune->predictor_,
                   nn::Predictor::Create(&prune->network_, &prune->fold_, context.pool));
  return prune;
}

bool BackwardPrune::done() const { return FitsBudget(); }

absl::Status BackwardPrune::Advance() {
  if (step_ < settings_.training_steps) {
    const double t = static_cast<double>(step_) / static_cast<double>(settings_.training_steps);
    return Train(kFirstRate + t * (kLastRate - kFirstRate));
  }
  if (tune_steps_left_ > 0) {
    --tune_steps_left_;
    return Train(kLastRate);
  }
  if (measured_picks_ < static_cast<int64_t>(picks_.size())) return MeasureSome();
  DropSome();
  return absl::OkStatus();
}

absl::Status BackwardPrune::Train(double learning_rate) {
  nn::StepInput input;
  input.step = step_;
  ASSIGN_OR_RETURN(input.rows, batches_.Load(step_));
  input.learning_rate = learning_rate;
  input.mask = mask_;
  ASSIGN_OR_RETURN(const double loss, train_step_->Run(input, batches_));
  loss_ = RunningLoss(loss_, loss, step_);
  ++step_;
  samples_ += input.rows;
  return absl::OkStatus();
}

absl::StatusOr<double> BackwardPrune::Loss() const {
  return predictor_->MeanLoss(context_.loss, measured_, measured_.rows(), mask_);
}

absl::Status BackwardPrune::MeasureSome() {
  if (measured_picks_ == 0) {
    ASSIGN_OR_RETURN(whole_loss_, Loss());
  }
  int64_t measured = 0;
  for (; measured_picks_ < static_cast<int64_t>(picks_.size()) && measured < kMeasuredAtOnce;
       ++measured_picks_) {
    const auto pick = static_cast<size_t>(measured_picks_);
    if (!MayDrop(pick)) continue;
    const int32_t candidate = picks_[pick].candidate;
    mask_[candidate] = 0.0f;
    const absl::StatusOr<double> loss = Loss();
    mask_[candidate] = 1.0f;
    if (!loss.ok()) return loss.status();
    const double price =
        PriceOf(context_.plan->candidates.items[candidate].cost, context_.plan->budget);
    const double rise = *loss - whole_loss_;
    removal_loss_[pick] = rise > 0 ? rise / price : rise * price;
    ++measured;
  }
  return absl::OkStatus();
}

// Without a droppable candidate the budget cannot be met; the plan has checked that must-keep ones
// fit, so that does not happen.
void BackwardPrune::DropSome() {
  const int64_t drops =
      std::min(settings_.drops_per_round, std::max<int64_t>(1, alive_count_ / kAlivePerDrop));
  for (int64_t i = 0; i < drops && !FitsBudget(); ++i) {
    if (!DropWeakest()) break;
  }
  const auto total = static_cast<int64_t>(picks_.size());
  events_.Emit(
      Pruned{.sparsity = static_cast<double>(total - alive_count_) / static_cast<double>(total),
             .alive = alive_count_,
             .total = total,
             .step = step_,
             .repeat = context_.repeat});
  tune_steps_left_ = kTuneSteps;
  measured_picks_ = 0;
}

void BackwardPrune::FinishEarly() {
  while (!FitsBudget() && DropWeakest()) {
  }
}

// The smallest removal loss; among equal ones the latest pick.
bool BackwardPrune::DropWeakest() {
  size_t weakest = picks_.size();
  for (size_t pick = 0; pick < picks_.size(); ++pick) {
    if (!MayDrop(pick)) continue;
    if (weakest == picks_.size() || removal_loss_[pick] <= removal_loss_[weakest]) weakest = pick;
  }
  if (weakest == picks_.size()) return false;
  alive_[weakest] = 0;
  mask_[picks_[weakest].candidate] = 0.0f;
  --alive_count_;
  return true;
}

bool BackwardPrune::FitsBudget() const {
  const plan::Plan& plan = *context_.plan;
  BudgetLedger ledger(plan.budget, plan.candidates.size());
  if (alive_count_ > plan.max_picks) return false;
  for (size_t pick = 0; pick < picks_.size(); ++pick) {
    if (alive_[pick] == 0) continue;
    const Cost& cost = plan.candidates.items[picks_[pick].candidate].cost;
    if (!ledger.Fits(cost)) return false;
    ledger.Spend(cost);
  }
  return true;
}

bool BackwardPrune::MayDrop(size_t pick) const {
  if (alive_[pick] == 0) return false;
  const CandidateSet& candidates = context_.plan->candidates;
  const int32_t candidate = picks_[pick].candidate;
  if (std::binary_search(candidates.must_keep.begin(), candidates.must_keep.end(), candidate)) {
    return false;
  }
  for (size_t other = 0; other < picks_.size(); ++other) {
    if (alive_[other] != 0 && candidates.items[picks_[other].candidate].prerequisite == candidate) {
      return false;
    }
  }
  return true;
}

std::vector<Pick> BackwardPrune::picks() const {
  std::vector<Pick> survivors;
  for (size_t pick = 0; pick < picks_.size(); ++pick) {
    if (alive_[pick] != 0) survivors.push_back(picks_[pick]);
  }
  return survivors;
}

void BackwardPrune::Save(Checkpoint& checkpoint) const {
  const std::string prefix = StageSection(context_);
  ByteWriter out;
  out.Vector(alive_);
  out.Vector(removal_loss_);
  out.Value(whole_loss_);
  out.Value(measured_picks_);
  out.Value(tune_steps_left_);
  out.Value(step_);
  out.Value(samples_);
  out.Value(loss_);
  checkpoint.Put(prefix + "/run", out.Take());
  network_.Save(prefix + "/network", checkpoint);
  train_step_->SaveOptimizer(prefix + "/optimizer", checkpoint);
}

absl::Status BackwardPrune::Load(const Checkpoint& checkpoint) {
  const std::string prefix = StageSection(context_);
  ASSIGN_OR_RETURN(const std::string bytes, checkpoint.Get(prefix + "/run"));
  ByteReader in(bytes);
  alive_ = in.Vector<uint8_t>();
  removal_loss_ = in.Vector<double>();
  whole_loss_ = in.Value<double>();
  measured_picks_ = in.Value<int64_t>();
  tune_steps_left_ = in.Value<int64_t>();
  step_ = in.Value<int64_t>();
  samples_ = in.Value<int64_t>();
  loss_ = in.Value<double>();
  RETURN_IF_ERROR(in.Finish(prefix + "/run"));
  if (alive_.size() != picks_.size() || removal_loss_.size() != picks_.size()) {
    return absl::DataLossError("checkpoint: pruning of another number of picks");
  }
  alive_count_ = 0;
  for (size_t pick = 0; pick < picks_.size(); ++pick) {
    alive_count_ += alive_[pick];
    mask_[picks_[pick].candidate] = alive_[pick] != 0 ? 1.0f : 0.0f;
  }
  RETURN_IF_ERROR(network_.Load(prefix + "/network", checkpoint));
  train_step_->WeightsChanged();
  return train_step_->LoadOptimizer(prefix + "/optimizer", checkpoint);
}

}  // namespace winnow::train
