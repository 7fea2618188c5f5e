#include "kernels/selectors/pruning_run.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/selectors/softmax.h"

namespace winnow::selectors {
namespace {

// Reports of the sparsity in a whole run, about: each becomes a durable event.
constexpr int64_t kReports = 100;

class PruningRun final : public Selector {
 public:
  explicit PruningRun(PruningSettings settings) : settings_(std::move(settings)) {}

  absl::Status Begin(const Problem& problem) override {
    problem_ = problem;
    const auto n = static_cast<size_t>(problem.candidates->size());
    everyone_.resize(n);
    std::iota(everyone_.begin(), everyone_.end(), 0);
    RETURN_IF_ERROR(ChosenSet(*problem.candidates, problem.budget).AddMustKeep());
    chosen_.emplace(*problem.candidates, problem.budget);
    logits_.emplace(problem.candidates->size());
    phases_ = MakePhases(settings_.shares, problem.total_steps);
    const bool prunes = std::any_of(phases_.begin(), phases_.end(), [](const PrunePhase& phase) {
      return phase.kind == PruneKind::kSparsify;
    });
    if (!prunes) {
      return absl::FailedPreconditionError(absl::StrCat(
          "a run of ", problem.total_steps, " steps leaves no step for the pruning phase"));
    }
    alive_.assign(n, 1);
    mask_.assign(n, 1.0f);
    gates_.assign(n, 1.0f);
    scores_.assign(n, 0.0f);
    gradient_.assign(n, 0.0f);
    return absl::OkStatus();
  }

  std::string first_phase() const override { return phases_.front().name; }
  std::span<const float> mask() const override { return mask_; }
  bool needs_mask_gradient() const override { return settings_.gates; }
  // s_c = M_c g_c
  bool needs_dropped_gradient() const override { return false; }

  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) override {
    if (settings_.gates) MoveGates(mask_gradient, rate);
    const PrunePhase& phase = phases_[phase_];
    const bool ends = step + 1 == phase.end;
    outcome.mask_changed = settings_.gates;
    if (phase.kind == PruneKind::kSparsify && (ends || (step + 1) % Interval() == 0)) {
      RETURN_IF_ERROR(Sparsify(step + 1, ends, probe, outcome));
      outcome.mask_changed = true;
    }
    if (ends) EnterNextPhase(outcome);
    RefreshMask();
    return absl::OkStatus();
  }

  std::vector<Pick> picks() const override { return chosen_->picks(); }

  absl::Status Finish(ModelProbe& probe) override {
    if (chosen_->size() > 0) return absl::OkStatus();
    RETURN_IF_ERROR(Score(probe));
    RETURN_IF_ERROR(Choose());
    RefreshMask();
    return absl::OkStatus();
  }

  // Gate logits, or the last scores without gates.
  std::span<const float> scores() const override {
    return settings_.gates ? logits_->values() : std::span<const float>(scores_);
  }
  double logit_stddev() const override {
    return settings_.gates ? logits_->StandardDeviation(everyone_) : 0.0;
  }

  void Save(const std::string& prefix, Checkpoint& checkpoint) const override {
    checkpoint.PutValue(prefix + "/phase", phase_);
    checkpoint.PutArray(prefix + "/alive", std::span<const uint8_t>(alive_));
    checkpoint.PutArray(prefix + "/gates", std::span<const float>(gates_));
    checkpoint.PutArray(prefix + "/scores", std::span<const float>(scores_));
    chosen_->Save(prefix, checkpoint);
    logits_->Save(prefix, checkpoint);
  }

  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(phase_, checkpoint.GetValue<uint64_t>(prefix + "/phase"));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/alive", std::span<uint8_t>(alive_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/gates", std::span<float>(gates_)));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/scores", std::span<float>(scores_)));
    RETURN_IF_ERROR(chosen_->Load(prefix, checkpoint));
    RETURN_IF_ERROR(logits_->Load(prefix, checkpoint));
    if (phase_ >= phases_.size()) {
      return absl::DataLossError("checkpoint section '" + prefix + "/phase' is out of range");
    }
    RefreshMask();
    return absl::OkStatus();
  }

 private:
  int64_t size() const { return problem_.candidates->size(); }
  int64_t Interval() const {
    return std::max<int64_t>(1, problem_.total_steps / settings_.mask_updates);
  }
  int64_t ReportInterval() const { return std::max<int64_t>(1, problem_.total_steps / kReports); }
  double density() const {
    return static_cast<double>(problem_.max_picks) / static_cast<double>(size());
  }
  bool Clipped(float gate) const {
    return settings_.clip && (gate < density() || gate > 1.0 / density());
  }

  void MoveGates(std::span<const float> g, double rate) {
    const auto n = static_cast<double>(size());
    for (int32_t c : everyone_) {
      const bool counts = alive_[c] != 0 && !Clipped(gates_[c]);
      gradient_[c] = counts ? g[c] : 0.0f;
    }
    SoftmaxGradient(everyone_, gates_, n, gradient_, gradient_);
    logits_->Update(LogitOptimizer::kAdam, everyone_, gradient_,
                    settings_.logit_learning_rate * rate, settings_.logit_weight_decay);
    SoftmaxOver(everyone_, logits_->values(), gates_, n);
  }

  void RefreshMask() {
    const double low = density(), high = 1.0 / density();
    for (int32_t c : everyone_) {
      double gate = settings_.gates ? gates_[c] : 1.0;
      if (settings_.gates && settings_.clip) gate = std::clamp(gate, low, high);
      mask_[c] = alive_[c] != 0 ? static_cast<float>(gate) : 0.0f;
    }
  }

  absl::Status Score(ModelProbe& probe) {
    if (settings_.gates) {
      ASSIGN_OR_RETURN(scores_, settings_.gate_score->Of(logits_->values(), *problem_.candidates,
                                                         problem_.budget, probe));
    } else if (problem_.candidates->gate == GateKind::kBlock) {
      probe.WeightNorms(scores_);
    } else {
      RETURN_IF_ERROR(probe.Contributions(scores_));
    }
    return absl::OkStatus();
  }

  bool IsLastPruning() const {
    return std::none_of(phases_.begin() + static_cast<int64_t>(phase_) + 1, phases_.end(),
                        [](const PrunePhase& p) { return p.kind == PruneKind::kSparsify; });
  }

  absl::Status Sparsify(int64_t steps_done, bool ends, ModelProbe& probe, StepOutcome& outcome) {
    const PrunePhase& phase = phases_[phase_];
    const double t = static_cast<double>(steps_done - phase.begin) /
                     static_cast<double>(phase.end - phase.begin);
    RETURN_IF_ERROR(Score(probe));
    if (ends && IsLastPruning()) {
      RETURN_IF_ERROR(Choose());
      if (problem_.candidates->gate != GateKind::kBlock) outcome.picks = chosen_->picks();
    } else {
      KeepBest(ends ? problem_.max_picks : AliveAt(t));
    }
    if (ends || steps_done % ReportInterval() == 0) {
      const auto alive = std::accumulate(alive_.begin(), alive_.end(), int64_t{0});
      outcome.sparsity = 1.0 - static_cast<double>(alive) / static_cast<double>(size());
    }
    return absl::OkStatus();
  }

  int64_t AliveAt(double t) const {
    const double sparsity = (1.0 - density()) * settings_.curve(t);
    const auto dead = static_cast<int64_t>(std::floor(sparsity * static_cast<double>(size())));
    return std::max(problem_.max_picks, size() - dead);
  }

  // Must-keep candidates never die; the others die by score, among those alive.
  void KeepBest(int64_t count) {
    std::vector<int32_t> order;
    for (int32_t c : everyone_) {
      if (alive_[c] != 0) order.push_back(c);
    }
    if (count >= static_cast<int64_t>(order.size())) return;
    const auto& must = problem_.candidates->must_keep;
    const auto kept = [&must](int32_t c) {
      return std::binary_search(must.begin(), must.end(), c);
    };
    std::nth_element(order.begin(), order.begin() + count, order.end(), [&](int32_t a, int32_t b) {
      if (kept(a) != kept(b)) return kept(a);
      return scores_[a] != scores_[b] ? scores_[a] > scores_[b] : a < b;
    });
    for (size_t i = static_cast<size_t>(count); i < order.size(); ++i) alive_[order[i]] = 0;
  }

  // The dimensions of a field are interchangeable, since the narrower table is trained afresh: what
  // a field has earned is a number of them. Its scores are handed out in falling order, the largest
  // to the chunk that comes first. Measured on Adult at an eighth of the bytes, test AUC of three
  // seeds: .9106, against .9092 when a chunk counts no more than the chunk before it.
  void SortAlongChains(std::vector<float>& scores) const {
    std::map<int32_t, std::vector<int32_t>> chains;  // by first candidate; members ascending
    std::vector<int32_t> first(scores.size());
    for (int32_t c : everyone_) {
      const int32_t before = problem_.candidates->items[c].prerequisite;
      first[c] = before < 0 ? c : first[before];
      if (before >= 0) chains[first[c]].push_back(c);
    }
    for (auto& [head, chain] : chains) {
      chain.insert(chain.begin(), head);
      std::vector<float> earned;
      for (int32_t c : chain) earned.push_back(scores[c]);
      std::sort(earned.begin(), earned.end(), std::greater<float>());
      for (size_t i = 0; i < chain.size(); ++i) scores[chain[i]] = earned[i];
    }
  }

  absl::Status Choose() {
    // The dead of this phase stay dead while anything alive is left to take.
    std::vector<float> ranked = scores_;
    const auto [least, most] = std::minmax_element(scores_.begin(), scores_.end());
    const float gap = *most - *least + 1.0f;
    for (int32_t c : everyone_) {
      if (alive_[c] == 0) ranked[c] -= gap;
    }
    SortAlongChains(ranked);
    RETURN_IF_ERROR(chosen_->AddMustKeep());
    chosen_->FillByScore(ranked, 0, problem_.max_picks - chosen_->size());
    std::fill(alive_.begin(), alive_.end(), 0);
    for (const Pick& pick : chosen_->picks()) alive_[pick.candidate] = 1;
    return absl::OkStatus();
  }

  void EnterNextPhase(StepOutcome& outcome) {
    if (phase_ + 1 == phases_.size()) {
      outcome.done = true;
      return;
    }
    ++phase_;
    if (phases_[phase_].kind == PruneKind::kDense) {
      std::fill(alive_.begin(), alive_.end(), 1);
      outcome.mask_changed = true;
      outcome.sparsity = 0.0;
    }
    outcome.phase = phases_[phase_].name;
    if (settings_.reset_optimizer) {
      outcome.reset_optimizer = true;
      logits_->ClearMoments();
    }
  }

  const PruningSettings settings_;
  Problem problem_;
  std::vector<int32_t> everyone_;  // 0 .. N-1
  std::vector<PrunePhase> phases_;
  std::optional<ChosenSet> chosen_;
  std::optional<GateLogits> logits_;
  std::vector<float> gradient_;  // scratch

  uint64_t phase_ = 0;
  std::vector<uint8_t> alive_;
  std::vector<float> gates_;   // A before the clip
  std::vector<float> scores_;  // when the mask last moved
  std::vector<float> mask_;
};

}  // namespace

std::unique_ptr<Selector> MakePruningRun(PruningSettings settings) {
  return std::make_unique<PruningRun>(std::move(settings));
}

}  // namespace winnow::selectors
