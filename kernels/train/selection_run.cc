#include "kernels/train/selection_run.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/train/byte_codec.h"
#include "kernels/train/running_loss.h"
#include "kernels/train/schedule.h"
#include "kernels/train/stages.h"
#include "kernels/train/subset.h"
#include "kernels/train/tuning.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {
namespace {

constexpr size_t kTopScores = 10;

// Parameter of the selector, or what stands in for it where the selector has no such parameter.
double ParamOr(const selectors::ParamValues& params, const std::string& name, double otherwise) {
  return params.count(name) != 0 ? selectors::GetDouble(params, name) : otherwise;
}

// What `share` times the candidates may cost.
Budget ScaledBudget(const Budget& budget, double share) {
  Budget scaled = budget;
  if (share <= 1.0) return scaled;
  if (scaled.max_count) {
    scaled.max_count = std::llround(share * static_cast<double>(*scaled.max_count));
  }
  if (scaled.max_bytes) {
    scaled.max_bytes = std::llround(share * static_cast<double>(*scaled.max_bytes));
  }
  if (scaled.max_flops) {
    scaled.max_flops = std::llround(share * static_cast<double>(*scaled.max_flops));
  }
  if (scaled.max_latency_us) scaled.max_latency_us = share * *scaled.max_latency_us;
  if (scaled.max_cost) scaled.max_cost = share * *scaled.max_cost;
  if (scaled.density) scaled.density = std::min(1.0, share * *scaled.density);
  return scaled;
}

}  // namespace

absl::StatusOr<SelectionConfig> PlannedSelection(const JobContext& context) {
  const plan::Plan& plan = *context.plan;
  SelectionConfig config;
  config.params = TrialParams(plan, context.trial);
  config.row = selectors::FindSelector(plan.spec.selector.name);
  if (config.row == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("there is no selector '", plan.spec.selector.name, "'"));
  }
  config.training = PlannedTraining(plan, "select", plan.model);
  config.training.early_stopping = false;
  config.training.steps = plan.selection_steps;
  config.training.batch_size = static_cast<int32_t>(plan.selection_batch);
  const selectors::ParamValues& params = config.params;
  config.training.learning_rate = ParamOr(params, "learning_rate", config.training.learning_rate);
  config.training.weight_decay = ParamOr(params, "weight_decay", config.training.weight_decay);
  if (!config.row->trains_the_model) {
    config.training.schedule = plan::Schedule::kConstant;
    config.training.optimizer = plan::Optimizer::kLazyAdam;
    config.training.input_noise = 0;
    config.training.dropout = 0;
  }
  config.problem.candidates = &plan.candidates;
  config.problem.max_picks = OverselectedCount(plan);
  config.problem.budget =
      ScaledBudget(plan.budget, static_cast<double>(config.problem.max_picks) /
                                    static_cast<double>(std::max<int64_t>(1, plan.max_picks)));
  config.problem.total_steps = config.training.steps;
  config.problem.seed = context.seed();
  config.problem.validation_rows = plan.validation_rows;
  if (context.warm != nullptr) config.problem.start_logits = context.warm->logits();
  return config;
}

PickMade PickEvent(const CandidateSet& candidates, const Pick& pick, int64_t rank, int32_t repeat) {
  const Candidate& candidate = candidates.items[pick.candidate];
  return {.pick = pick,
          .candidate = candidate.name,
          .rank = static_cast<int32_t>(rank),
          .cost = candidate.cost.price,
          .must_keep = std::binary_search(candidates.must_keep.begin(), candidates.must_keep.end(),
                                          pick.candidate),
          .repeat = repeat};
}

SelectionRun::SelectionRun(const JobContext& context, const SelectionConfig& config,
                           EventSink& events, nn::Network network, gates::WeightFold fold)
    : context_(context),
      config_(config),
      events_(events),
      network_(std::move(network)),
      fold_(std::move(fold)),
      batches_(context, config_.training.shape, "select", std::max(1, config_.training.batch_size)),
      mask_gradient_(static_cast<size_t>(fold_.num_candidates)) {}

absl::StatusOr<std::unique_ptr<SelectionRun>> SelectionRun::Create(const JobContext& context,
                                                                   const SelectionConfig& config,
                                                                   EventSink& events) {
  const plan::ModelShape& shape = config.training.shape;
  ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(shape));
  ASSIGN_OR_RETURN(gates::WeightFold fold, nn::MakeFold(shape, *config.problem.candidates));
  std::unique_ptr<SelectionRun> run(
      new SelectionRun(context, config, events, std::move(network), std::move(fold)));
  run->network_.Init(context.seed(), "init/select");
  if (context.warm != nullptr) RETURN_IF_ERROR(context.warm->StartSelection(run->network_));
  ASSIGN_OR_RETURN(run->probe_, NetworkProbe::Create(context, run->network_, run->fold_));
  RETURN_IF_ERROR(run->MakeTrainStep());
  run->selector_ = config.row->make(config.params);
  RETURN_IF_ERROR(run->selector_->Begin(run->config_.problem));
  run->phase_ = run->selector_->first_phase();
  return run;
}

absl::Status SelectionRun::MakeTrainStep() {
  const TrainingConfig& training = config_.training;
  nn::TrainStepOptions options;
  options.loss = context_.loss;
  options.optimizer = nn::OptimizerFor(training.optimizer, training.momentum);
  options.batch_size = batches_.batch_size();
  options.input_noise = static_cast<float>(training.input_noise);
  options.dropout = static_cast<float>(training.dropout);
  options.half_products = context_.half_products();
  options.seed = context_.seed();
  options.stream = training.name;
  ASSIGN_OR_RETURN(train_step_, nn::TrainStep::Create(&network_, &fold_, options, context_.pool));
  ASSIGN_OR_RETURN(others_, Ensemble::Create(context_, training.shape, fold_, options,
                                             selectors::EnsembleSize(config_.params) - 1));
  return absl::OkStatus();
}

void SelectionRun::Start() {
  events_.Emit(
      PhaseStarted{.name = phase(), .steps = config_.training.steps, .repeat = context_.repeat});
  ReportPicks();
}

bool SelectionRun::done() const {
  return finished_ || (step_ >= config_.training.steps && !selector_->evaluates());
}

absl::Status SelectionRun::Advance() {
  if (!selector_->evaluates()) return TrainOnce();
  selectors::StepOutcome outcome;
  RETURN_IF_ERROR(selector_->Evaluate(*probe_, outcome));
  return Handle(outcome);
}

absl::Status SelectionRun::TrainOnce() {
  const TrainingConfig& training = config_.training;
  const double rate =
      RateFactor(training.schedule, training.final_learning_rate, step_, training.steps);
  nn::StepInput input;
  input.step = step_;
  ASSIGN_OR_RETURN(input.rows, batches_.Load(step_));
  probe_->SetBatch(&batches_, input.rows);
  RETURN_IF_ERROR(selector_->Prepare(step_, *probe_));
  input.learning_rate = training.learning_rate * rate;
  input.weight_decay = training.weight_decay;
  input.embedding_weight_decay = training.weight_decay;
  input.mask = selector_->mask();
  input.ridge = selector_->ridge();
  if (selector_->needs_mask_gradient()) input.mask_gradient = mask_gradient_;
  input.dropped_gradient = selector_->needs_dropped_gradient();
  ASSIGN_OR_RETURN(double loss, train_step_->Run(input, batches_));
  ASSIGN_OR_RETURN(loss, others_.Run(input, batches_, loss, input.mask_gradient));
  selectors::StepOutcome outcome;
  RETURN_IF_ERROR(selector_->Step(step_, rate, input.mask_gradient, *probe_, outcome));
  loss_ = RunningLoss(loss_, loss, step_);
  ++step_;
  samples_ += input.rows;
  return Handle(outcome);
}

absl::Status SelectionRun::Handle(const selectors::StepOutcome& outcome) {
  if (outcome.reset_optimizer) {
    train_step_->ResetOptimizer();
    others_.ResetOptimizers();
  }
  if (!outcome.picks.empty()) {
    if (measures_gains()) RETURN_IF_ERROR(MeasureGain());
    ReportPicks();
  }
  if (outcome.sparsity) {
    const int64_t total = config_.problem.candidates->size();
    const auto dropped = std::llround(*outcome.sparsity * static_cast<double>(total));
    events_.Emit(Pruned{.sparsity = *outcome.sparsity,
                        .alive = total - dropped,
                        .total = total,
                        .step = step_,
                        .repeat = context_.repeat});
  }
  if (outcome.phase) {
    phase_ = *outcome.phase;
    events_.Emit(PhaseStarted{.name = phase(), .steps = 0, .repeat = context_.repeat});
  }
  finished_ = outcome.done;
  return absl::OkStatus();
}

bool SelectionRun::measures_gains() const {
  return !config_.row->trains_the_model && config_.problem.candidates->gate != GateKind::kBlock &&
         probe_->has_validation_rows();
}

absl::Status SelectionRun::MeasureGain() {
  std::vector<int32_t> before, after;
  const std::vector<Pick> picks = selector_->picks();
  for (size_t i = 0; i < picks.size(); ++i) {
    if (static_cast<int64_t>(i) < reported_) before.push_back(picks[i].candidate);
    after.push_back(picks[i].candidate);
  }
  const bool all_at_once = before.empty() && after.size() > 1 &&
                           static_cast<int64_t>(after.size()) >= config_.problem.max_picks;
  if (all_at_once) return absl::OkStatus();
  if (!picks_loss_) {
    ASSIGN_OR_RETURN(picks_loss_, probe_->ValidationLoss(MaskOf(fold_.num_candidates, before)));
  }
  ASSIGN_OR_RETURN(const double loss, probe_->ValidationLoss(MaskOf(fold_.num_candidates, after)));
  for (size_t i = before.size(); i < after.size(); ++i) gains_[after[i]] = *picks_loss_ - loss;
  picks_loss_ = loss;
  return absl::OkStatus();
}

// Blocks are too many, and come all at the end: the events tell how sparsity grew.
void SelectionRun::ReportPicks() {
  const std::vector<Pick> all = picks();
  const CandidateSet& candidates = *config_.problem.candidates;
  for (; reported_ < static_cast<int64_t>(all.size()); ++reported_) {
    if (candidates.gate == GateKind::kBlock) continue;
    const Pick& pick = all[static_cast<size_t>(reported_)];
    events_.Emit(PickEvent(candidates, pick, reported_ + 1, context_.repeat));
  }
}

absl::Status SelectionRun::Complete() {
  const bool is_complete = finished_ || (step_ > 0 && done());
  if (!is_complete) RETURN_IF_ERROR(selector_->Finish(*probe_));
  finished_ = true;
  ReportPicks();
  RETURN_IF_ERROR(others_.CheckFinite());
  return network_.CheckFinite();
}

std::vector<Pick> SelectionRun::picks() const {
  std::vector<Pick> picks = selector_->picks();
  for (Pick& pick : picks) {
    const auto gain = gains_.find(pick.candidate);
    if (gain != gains_.end()) pick.gain = gain->second;
  }
  return picks;
}

MaskedModel SelectionRun::model() const { return {&network_, &fold_, selector_->mask()}; }

std::vector<std::pair<std::string, double>> SelectionRun::top_scores() const {
  const std::span<const float> scores = selector_->scores();
  std::vector<int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const size_t top = std::min(kTopScores, order.size());
  std::partial_sort(
      order.begin(), order.begin() + static_cast<int64_t>(top), order.end(),
      [&](int32_t a, int32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  std::vector<std::pair<std::string, double>> best;
  for (size_t i = 0; i < top; ++i) {
    best.emplace_back(config_.problem.candidates->items[order[i]].name, scores[order[i]]);
  }
  return best;
}

void SelectionRun::Save(Checkpoint& checkpoint) const {
  const std::string prefix = StageSection(context_);
  ByteWriter out;
  out.Text(phase_);
  out.Value(step_);
  out.Value(samples_);
  out.Value(loss_);
  out.Value<uint8_t>(finished_);
  out.Value(reported_);
  out.Optional(picks_loss_);
  out.Value<uint64_t>(gains_.size());
  for (const auto& [candidate, gain] : gains_) {
    out.Value(candidate);
    out.Value(gain);
  }
  checkpoint.Put(prefix + "/run", out.Take());
  network_.Save(prefix + "/network", checkpoint);
  train_step_->SaveOptimizer(prefix + "/optimizer", checkpoint);
  others_.Save(prefix + "/ensemble", checkpoint);
  selector_->Save(prefix + "/selector", checkpoint);
}

absl::Status SelectionRun::Load(const Checkpoint& checkpoint) {
  const std::string prefix = StageSection(context_);
  ASSIGN_OR_RETURN(const std::string bytes, checkpoint.Get(prefix + "/run"));
  ByteReader in(bytes);
  phase_ = in.Text();
  step_ = in.Value<int64_t>();
  samples_ = in.Value<int64_t>();
  loss_ = in.Value<double>();
  finished_ = in.Value<uint8_t>() != 0;
  reported_ = in.Value<int64_t>();
  picks_loss_ = in.Optional();
  gains_.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) {
    const auto candidate = in.Value<int32_t>();
    gains_[candidate] = in.Value<double>();
  }
  RETURN_IF_ERROR(in.Finish(prefix + "/run"));
  RETURN_IF_ERROR(network_.Load(prefix + "/network", checkpoint));
  train_step_->WeightsChanged();
  RETURN_IF_ERROR(train_step_->LoadOptimizer(prefix + "/optimizer", checkpoint));
  RETURN_IF_ERROR(others_.Load(prefix + "/ensemble", checkpoint));
  return selector_->Load(prefix + "/selector", checkpoint);
}

}  // namespace winnow::train
