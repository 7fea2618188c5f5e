#include "server/worker/event.h"

#include <utility>

namespace winnow::worker {
namespace {

void SetMetrics(const SplitMetrics& metrics, v1::Evaluated& to) {
  for (const auto& [rows, values] : metrics) {
    for (const auto& [name, value] : values) {
      auto& metric = *to.add_metrics();
      metric.set_name(name);
      metric.set_rows(rows);
      if (value.value) metric.set_value(*value.value);
      if (value.low) metric.set_low(*value.low);
      if (value.high) metric.set_high(*value.high);
    }
  }
}

struct ToProto {
  v1::JobEvent* to;

  void operator()(const train::PhaseStarted& phase) const {
    auto& started = *to->mutable_phase_started();
    started.set_stage(StageOf(phase.name));
    started.set_name(phase.name);
    started.set_steps(phase.steps);
    started.set_repeat(phase.repeat);
  }
  void operator()(const train::PickMade& made) const {
    auto& pick = *to->mutable_pick();
    pick.set_rank(made.rank);
    pick.set_candidate(made.candidate);
    pick.set_phase(made.pick.phase);
    pick.set_score(made.pick.score);
    if (made.pick.gain) pick.set_gain(*made.pick.gain);
    pick.set_cost(made.cost);
    pick.set_must_keep(made.must_keep);
    pick.set_repeat(made.repeat);
  }
  void operator()(const train::Pruned& pruned) const {
    auto& dropped = *to->mutable_pruned();
    dropped.set_sparsity(pruned.sparsity);
    dropped.set_alive(pruned.alive);
    dropped.set_total(pruned.total);
    dropped.set_step(pruned.step);
    dropped.set_repeat(pruned.repeat);
  }
  void operator()(const train::Evaluated& evaluated) const {
    auto& measured = *to->mutable_evaluated();
    measured.set_subject(evaluated.what);
    measured.set_k(evaluated.k);
    SetMetrics(evaluated.metrics, measured);
  }
  void operator()(const train::WarningRaised& warning) const {
    to->mutable_warning()->set_message(warning.text);
  }
};

}  // namespace

v1::Stage StageOf(const std::string& phase) {
  constexpr std::pair<const char*, v1::Stage> kStages[] = {
      {"prepare", v1::STAGE_PREPARE},  {"select", v1::STAGE_SELECT},
      {"prune", v1::STAGE_PRUNE_BACK}, {"retrain", v1::STAGE_RETRAIN},
      {"control", v1::STAGE_CONTROLS}, {"size", v1::STAGE_CURVE},
      {"curve", v1::STAGE_CURVE},      {"capacity", v1::STAGE_CAPACITY_MATCHED},
      {"evaluate", v1::STAGE_WRITE},   {"write", v1::STAGE_WRITE}};
  for (const auto& [prefix, stage] : kStages) {
    if (phase.rfind(prefix, 0) == 0) return stage;
  }
  return v1::STAGE_UNSPECIFIED;
}

v1::JobEvent EventToProto(const train::JobEvent& event) {
  v1::JobEvent to;
  std::visit(ToProto{&to}, event.body);
  return to;
}

v1::Progress ProgressToProto(const train::Progress& progress) {
  v1::Progress to;
  to.set_stage(StageOf(progress.phase));
  to.set_phase_name(progress.phase);
  to.set_step(progress.step);
  to.set_total_steps(progress.total_steps);
  to.set_samples_per_s(progress.samples_per_s);
  if (progress.step > 0) to.set_loss(progress.loss);
  to.set_fraction(progress.fraction);
  if (progress.eta_s >= 0) to.set_eta_s(progress.eta_s);
  to.set_selected(progress.picked);
  for (const auto& [name, score] : progress.top_scores) {
    auto& top = *to.add_top_candidates();
    top.set_candidate(name);
    top.set_score(score);
  }
  return to;
}

}  // namespace winnow::worker
