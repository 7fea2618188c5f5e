#include "kernels/selectors/sequential_attention.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/selectors/chosen_set.h"
#include "kernels/selectors/gate_logits.h"
#include "kernels/selectors/gate_score.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/selectors/softmax.h"
#include "kernels/selectors/univariate.h"

namespace winnow::selectors {
namespace {

// Score of candidates that the filter left out: below any other, and finite.
constexpr float kFilteredScore = -1e30f;

// Besides those of PhaseStepParams.
const std::vector<ParamSpec>& OwnParams() {
  static const std::vector<ParamSpec> table = {
      {.name = "weight_decay",
       .min = 0,
       .doc = "Decoupled weight decay of the network, 10 to 30 with near duplicates; absent: 1, or "
              "100 with more candidates than training rows, or tuned."},
      {.name = "oversample",
       .min = 1,
       .max = 10,
       .doc = "Pick this many times the budget, then prune backward by removal loss; absent: 1.5 "
              "for features if that is at most half of them and they have 5 training rows each "
              "or the decay is tuned, else 1."},
      {.name = "picks_per_round",
       .type = ParamType::kInt,
       .min = 1,
       .max = 1e6,
       .doc = "Candidates picked at the end of each phase; absent: 1, or a tenth of the picks with "
              "more candidates than training rows."},
      {.name = "warmup",
       .default_value = 0.1,
       .min = 0,
       .max = 1,
       .max_exclusive = true,
       .doc = "Share of the steps at the start with every gate at 1 and fixed logits."},
      {.name = "mask_scale",
       .default_value = 1.0,
       .min = 0,
       .min_exclusive = true,
       .doc = "Sum of the mask over the unselected candidates."},
      {.name = "mask",
       .type = ParamType::kString,
       .default_value = std::string("softmax"),
       .choices = {"softmax", "linear"},
       .doc = "Softmax of the logits, or the logits themselves."},
      {.name = "logit_optimizer",
       .type = ParamType::kString,
       .default_value = std::string("adam"),
       .choices = {"adam", "sgd"},
       .doc = "Optimizer of the logits."},
      {.name = "logit_learning_rate",
       .min = 0,
       .min_exclusive = true,
       .doc = "Learning rate of the logits; absent: learning_rate."},
      {.name = "validation_logits",
       .type = ParamType::kBool,
       .default_value = false,
       .doc = "Step the logits on validation batches instead of training batches."},
      {.name = "reset_logits",
       .type = ParamType::kBool,
       .default_value = true,
       .doc = "Draw the logits anew and clear their moments after each phase."},
      OwnBatchSizeParam(),
      EnsembleParam(),
      ScoreParam(),
      CostExponentParam(),
      {.name = "prefilter",
       .type = ParamType::kInt,
       .min = 0,
       .max = 1e9,
       .doc = "Only so many candidates, of largest F statistic, take part; 0: all; absent: 0, or 3 "
              "times the picks, at least 30, with more candidates than training rows."},
      {.name = "tune_weight_decay",
       .type = ParamType::kBool,
       .doc = "Select with weight_decay 1, 10 and 30 and keep the picks of least validation loss "
              "after retraining, also for evaluation.repeats; excludes weight_decay; absent: true "
              "for features with 1 to 10 training rows each, 200 validation rows or more and a "
              "budget that leaves some out, if weight_decay is absent too, else false."},
  };
  return table;
}

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = [] {
    std::vector<ParamSpec> all = PhaseStepParams();
    all.insert(all.end(), OwnParams().begin(), OwnParams().end());
    return all;
  }();
  return table;
}

class SequentialAttention final : public Selector {
 public:
  explicit SequentialAttention(const ParamValues& params)
      : per_round_(GetInt(params, "picks_per_round")),
        warmup_(GetDouble(params, "warmup")),
        scale_(GetDouble(params, "mask_scale")),
        reset_logits_(GetBool(params, "reset_logits")),
        optimizer_(GetString(params, "logit_optimizer") == "sgd" ? LogitOptimizer::kSgd
                                                                 : LogitOptimizer::kAdam),
        logit_rate_(GetDouble(params, params.count("logit_learning_rate") != 0
                                          ? "logit_learning_rate"
                                          : "learning_rate")),
        logit_decay_(params.count("weight_decay") != 0 ? GetDouble(params, "weight_decay") : 0.0),
        linear_(GetString(params, "mask") == "linear"),
        validation_logits_(GetBool(params, "validation_logits")),
        ensemble_(EnsembleSize(params)),
        prefilter_(GetInt(params, "prefilter")),
        score_(params) {}

  absl::Status Begin(const Problem& problem) override {
    problem_ = problem;
    const auto n = static_cast<size_t>(problem.candidates->size());
    chosen_.emplace(*problem.candidates, problem.budget);
    RETURN_IF_ERROR(chosen_->AddMustKeep());
    logits_.emplace(problem.candidates->size());
    stream_.emplace(problem.seed, "select/logits");
    RETURN_IF_ERROR(CheckOptions());
    mask_.assign(n, 1.0f);
    takes_part_.assign(n, 1);
    gradient_.assign(n, 0.0f);
    last_logits_.assign(n, 0.0f);
    final_logits_.assign(n, 0.0f);
    const int64_t wanted = std::max<int64_t>(0, problem.max_picks - chosen_->size());
    rounds_ = (wanted + per_round_ - 1) / per_round_;
    first_gated_step_ = static_cast<int64_t>(warmup_ * static_cast<double>(problem.total_steps));
    if (problem.total_steps - first_gated_step_ < rounds_) {
      return absl::FailedPreconditionError(
          absl::StrCat("sequential_attention has ", rounds_, " rounds but only ",
                       problem.total_steps - first_gated_step_, " steps after the warm-up"));
    }
    FindEligible();
    DrawLogits();
    if (first_gated_step_ == 0) UpdateMask();
    return absl::OkStatus();
  }

  absl::Status Prepare(int64_t step, ModelProbe& probe) override {
    if (step > 0 || prefilter_ == 0 || prefilter_ >= problem_.candidates->size()) {
      return absl::OkStatus();
    }
    return Filter(probe);
  }

  std::string first_phase() const override {
    return first_gated_step_ > 0 ? "warmup" : PhaseName(0);
  }
  std::span<const float> mask() const override { return mask_; }
  bool needs_mask_gradient() const override {
    return next_step_ >= first_gated_step_ && !validation_logits_;
  }

  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) override {
    next_step_ = step + 1;
    outcome.done = rounds_ == 0;
    if (outcome.done) return absl::OkStatus();
    if (next_step_ < first_gated_step_) {
      outcome.mask_changed = false;
      return absl::OkStatus();
    }
    if (step >= first_gated_step_) {
      if (validation_logits_) {
        std::vector<float> gradient(mask_.size());
        RETURN_IF_ERROR(probe.ValidationMaskGradient(step, mask_, gradient));
        MoveLogits(gradient, rate);
      } else {
        MoveLogits(mask_gradient, rate);
      }
    }
    if (next_step_ == first_gated_step_) outcome.phase = PhaseName(0);
    if (step >= first_gated_step_ && next_step_ == PhaseEnd(round_)) {
      RETURN_IF_ERROR(Pick(probe, outcome));
    }
    UpdateMask();
    outcome.done = eligible_.empty() || round_ >= rounds_;
    return absl::OkStatus();
  }

  std::vector<winnow::Pick> picks() const override { return chosen_->picks(); }

  absl::Status Finish(ModelProbe& probe) override {
    // Right after a pick the logits have just been drawn anew, so those of the phase before count
    // too. Before the first gated step there is no attention, only the size of contributions.
    std::vector<float> logits = last_logits_;
    for (size_t i = 0; i < logits.size(); ++i) logits[i] += logits_->values()[i];
    const GateScore score = next_step_ > first_gated_step_ ? score_ : score_.WithMagnitude();
    ASSIGN_OR_RETURN(auto scores, score.Of(logits, *problem_.candidates, problem_.budget, probe));
    PutFilteredLast(scores);
    chosen_->FillByScore(scores, static_cast<int32_t>(round_), Left());
    FindEligible();
    UpdateMask();
    return absl::OkStatus();
  }

  // The mask itself: 1 for what is selected, the share of attention for the others.
  std::span<const float> scores() const override { return mask_; }
  double logit_stddev() const override { return logits_->StandardDeviation(eligible_); }
  std::vector<float> final_logits() const override {
    return linear_ ? std::vector<float>() : final_logits_;
  }

  void Save(const std::string& prefix, Checkpoint& checkpoint) const override {
    checkpoint.PutValue(prefix + "/next_step", next_step_);
    checkpoint.PutValue(prefix + "/round", round_);
    checkpoint.PutArray(prefix + "/mask", std::span<const float>(mask_));
    checkpoint.PutArray(prefix + "/takes_part", std::span<const uint8_t>(takes_part_));
    checkpoint.PutArray(prefix + "/last_logits", std::span<const float>(last_logits_));
    checkpoint.PutArray(prefix + "/final_logits", std::span<const float>(final_logits_));
    chosen_->Save(prefix, checkpoint);
    logits_->Save(prefix, checkpoint);
  }

  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(next_step_, checkpoint.GetValue<int64_t>(prefix + "/next_step"));
    ASSIGN_OR_RETURN(round_, checkpoint.GetValue<int64_t>(prefix + "/round"));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/mask", std::span<float>(mask_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/last_logits", std::span<float>(last_logits_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/final_logits", std::span<float>(final_logits_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/takes_part", std::span<uint8_t>(takes_part_)));
    RETURN_IF_ERROR(chosen_->Load(prefix, checkpoint));
    FindEligible();
    return logits_->Load(prefix, checkpoint);
  }

 private:
  static std::string PhaseName(int64_t round) { return absl::StrCat("pick/", round + 1); }

  int64_t Left() const { return std::max<int64_t>(0, problem_.max_picks - chosen_->size()); }

  // First step after phase r.
  int64_t PhaseEnd(int64_t round) const {
    const int64_t gated = problem_.total_steps - first_gated_step_;
    return first_gated_step_ + (round + 1) * gated / rounds_;
  }

  absl::Status CheckOptions() const {
    const bool features = problem_.candidates->gate == GateKind::kFeature;
    if (prefilter_ > 0 && !features) {
      return absl::FailedPreconditionError("prefilter: only features can be filtered");
    }
    if (prefilter_ > 0 && prefilter_ < problem_.max_picks) {
      return absl::FailedPreconditionError(
          absl::StrCat("prefilter must be 0 or at least the number of picks, ", problem_.max_picks,
                       ", got ", prefilter_));
    }
    if (validation_logits_ && problem_.candidates->gate == GateKind::kBlock) {
      return absl::FailedPreconditionError("validation_logits: not for blocks");
    }
    if (validation_logits_ && ensemble_ > 1) {
      return absl::FailedPreconditionError("validation_logits: not with an ensemble");
    }
    if (validation_logits_ && problem_.validation_rows == 0) {
      return absl::FailedPreconditionError(
          "validation_logits needs validation rows, and the split has none");
    }
    return absl::OkStatus();
  }

  // Leaves the candidates of largest F, and those that are kept in any case.
  absl::Status Filter(ModelProbe& probe) {
    ASSIGN_OR_RETURN(const TargetSample target, TargetForF(probe));
    std::vector<double> f(mask_.size());
    std::vector<int32_t> order(mask_.size());
    for (int32_t c = 0; c < problem_.candidates->size(); ++c) {
      ASSIGN_OR_RETURN(f[c], CandidateF(c, target, probe));
      order[c] = c;
    }
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return f[a] > f[b]; });
    for (size_t i = static_cast<size_t>(prefilter_); i < order.size(); ++i) {
      if (!chosen_->contains(order[i])) takes_part_[order[i]] = 0;
    }
    for (size_t c = 0; c < mask_.size(); ++c) {
      if (takes_part_[c] == 0) mask_[c] = 0.0f;
    }
    FindEligible();
    if (first_gated_step_ == 0) UpdateMask();
    return absl::OkStatus();
  }

  void FindEligible() {
    eligible_ = chosen_->Eligible();
    std::erase_if(eligible_, [this](int32_t c) { return takes_part_[c] == 0; });
  }

  void PutFilteredLast(std::vector<float>& scores) const {
    for (size_t c = 0; c < scores.size(); ++c) {
      if (takes_part_[c] == 0) scores[c] = kFilteredScore;
    }
  }

  void DrawLogits() {
    if (eligible_.empty()) return;
    logits_->Redraw(eligible_, *stream_,
                    static_cast<uint64_t>(round_) * static_cast<uint64_t>(mask_.size()),
                    linear_ ? scale_ / static_cast<double>(eligible_.size()) : 0.0);
    if (!linear_ && !problem_.start_logits.empty()) {
      logits_->Shift(eligible_, problem_.start_logits);
    }
  }

  void MoveLogits(std::span<const float> g, double rate) {
    if (eligible_.empty()) return;
    if (linear_) {
      logits_->Update(optimizer_, eligible_, g, logit_rate_ * rate, logit_decay_);
      return;
    }
    SoftmaxGradient(eligible_, mask_, scale_, g, gradient_);
    logits_->Update(optimizer_, eligible_, gradient_, logit_rate_ * rate, 0.0);
  }

  void UpdateMask() {
    std::fill(mask_.begin(), mask_.end(), 0.0f);
    if (linear_) {
      for (int32_t i : eligible_) mask_[i] = std::max(0.0f, logits_->values()[i]);
    } else if (!eligible_.empty()) {
      SoftmaxOver(eligible_, logits_->values(), mask_, scale_);
    }
    for (const winnow::Pick& pick : chosen_->picks()) mask_[pick.candidate] = 1.0f;
  }

  absl::Status Pick(ModelProbe& probe, StepOutcome& outcome) {
    ASSIGN_OR_RETURN(auto scores,
                     score_.Of(logits_->values(), *problem_.candidates, problem_.budget, probe));
    PutFilteredLast(scores);
    logits_->Relative(eligible_, final_logits_);
    outcome.picks =
        chosen_->FillByScore(scores, static_cast<int32_t>(round_), std::min(per_round_, Left()));
    ++round_;
    FindEligible();
    if (reset_logits_) {
      last_logits_.assign(logits_->values().begin(), logits_->values().end());
      DrawLogits();
    }
    if (round_ < rounds_ && !eligible_.empty()) outcome.phase = PhaseName(round_);
    return absl::OkStatus();
  }

  const int64_t per_round_;
  const double warmup_, scale_;
  const bool reset_logits_;
  const LogitOptimizer optimizer_;
  const double logit_rate_, logit_decay_;
  const bool linear_, validation_logits_;
  const int64_t ensemble_;
  const int64_t prefilter_;
  const GateScore score_;

  Problem problem_;
  std::optional<RngStream> stream_;
  std::optional<ChosenSet> chosen_;
  std::optional<GateLogits> logits_;
  int64_t rounds_ = 0, first_gated_step_ = 0;
  std::vector<float> gradient_;  // scratch, [candidates]

  int64_t next_step_ = 0, round_ = 0;
  std::vector<uint8_t> takes_part_;  // 0: filtered out before the start
  std::vector<int32_t> eligible_;    // U
  std::vector<float> mask_;          // a, [candidates]
  std::vector<float> last_logits_;   // before they were last drawn anew, 0 before that
  // At the end of the phase in which the candidate was picked, or of the last one; relative to the
  // mean share of attention then.
  std::vector<float> final_logits_;
};

}  // namespace

Row SequentialAttentionRow() {
  return {
      .name = "sequential_attention",
      .version = 2,
      .summary = "Softmax gates over the unselected candidates, one pick at the end of each phase.",
      .gates = {GateKind::kFeature, GateKind::kChunk, GateKind::kBlock},
      .trains_the_model = false,
      .params = Params(),
      .selection_steps = StepsOfPhases,
      .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
        return std::make_unique<SequentialAttention>(params);
      }};
}

}  // namespace winnow::selectors
