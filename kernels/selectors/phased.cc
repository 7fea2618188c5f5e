#include "kernels/selectors/phased.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

std::string PhaseName(int64_t round) { return absl::StrCat("pick/", round + 1); }

}  // namespace

absl::Status Phased::Begin(const Problem& problem) {
  problem_ = problem;
  chosen_.emplace(*problem.candidates, problem.budget);
  RETURN_IF_ERROR(chosen_->AddMustKeep());
  rounds_ = (Left() + per_round_ - 1) / per_round_;
  first_phase_step_ = static_cast<int64_t>(warmup_ * static_cast<double>(problem.total_steps));
  if (problem.total_steps - first_phase_step_ < rounds_) {
    return absl::FailedPreconditionError(absl::StrCat("there are ", rounds_, " rounds but only ",
                                                      problem.total_steps - first_phase_step_,
                                                      " steps after the warm-up"));
  }
  eligible_ = chosen_->Eligible();
  mask_.resize(static_cast<size_t>(size()));
  scores_.assign(mask_.size(), 0.0f);
  UpdateMask(false);
  return Start();
}

std::string Phased::first_phase() const { return first_phase_step_ > 0 ? "warmup" : PhaseName(0); }

int64_t Phased::Left() const { return std::max<int64_t>(0, problem_.max_picks - chosen_->size()); }

int64_t Phased::PhaseEnd(int64_t round) const {
  return first_phase_step_ + (round + 1) * (problem_.total_steps - first_phase_step_) / rounds_;
}

void Phased::UpdateMask(bool is_over) {
  std::fill(mask_.begin(), mask_.end(), is_over ? 0.0f : mask_of_unselected());
  for (const winnow::Pick& pick : chosen_->picks()) mask_[pick.candidate] = 1.0f;
}

absl::Status Phased::PickSome(ModelProbe& probe, int64_t most, std::vector<winnow::Pick>& picks) {
  RETURN_IF_ERROR(Score(probe, scores_));
  picks = chosen_->FillByScore(scores_, static_cast<int32_t>(round_), most);
  eligible_ = chosen_->Eligible();
  return absl::OkStatus();
}

absl::Status Phased::Step(int64_t step, double, std::span<const float>, ModelProbe& probe,
                          StepOutcome& outcome) {
  next_step_ = step + 1;
  outcome.mask_changed = false;
  outcome.done = rounds_ == 0;
  if (outcome.done) {
    UpdateMask(true);
    outcome.mask_changed = true;
    return absl::OkStatus();
  }
  if (next_step_ == first_phase_step_) outcome.phase = PhaseName(0);
  if (step < first_phase_step_ || next_step_ != PhaseEnd(round_)) return absl::OkStatus();
  RETURN_IF_ERROR(PickSome(probe, std::min(per_round_, Left()), outcome.picks));
  ++round_;
  outcome.done = eligible_.empty() || round_ >= rounds_;
  if (!outcome.done) outcome.phase = PhaseName(round_);
  UpdateMask(outcome.done);
  outcome.mask_changed = true;
  return absl::OkStatus();
}

absl::Status Phased::Finish(ModelProbe& probe) {
  std::vector<winnow::Pick> picks;
  if (Left() > 0) RETURN_IF_ERROR(PickSome(probe, Left(), picks));
  UpdateMask(true);
  return absl::OkStatus();
}

void Phased::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutValue(prefix + "/next_step", next_step_);
  checkpoint.PutValue(prefix + "/round", round_);
  checkpoint.PutArray(prefix + "/mask", std::span<const float>(mask_));
  checkpoint.PutArray(prefix + "/scores", std::span<const float>(scores_));
  chosen_->Save(prefix, checkpoint);
}

absl::Status Phased::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(next_step_, checkpoint.GetValue<int64_t>(prefix + "/next_step"));
  ASSIGN_OR_RETURN(round_, checkpoint.GetValue<int64_t>(prefix + "/round"));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/mask", std::span<float>(mask_)));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/scores", std::span<float>(scores_)));
  RETURN_IF_ERROR(chosen_->Load(prefix, checkpoint));
  eligible_ = chosen_->Eligible();
  return absl::OkStatus();
}

std::vector<ParamSpec> WithPhaseParams(std::vector<ParamSpec> table) {
  std::vector<ParamSpec> all = PhaseStepParams();
  all.push_back(OwnBatchSizeParam());
  all.push_back({.name = "picks_per_round",
                 .type = ParamType::kInt,
                 .default_value = int64_t{1},
                 .min = 1,
                 .max = 1e6,
                 .doc = "Candidates picked at the end of each phase."});
  all.insert(all.end(), table.begin(), table.end());
  return all;
}

}  // namespace winnow::selectors
