// What selectors share that pick greedily at the end of each phase of one training.
//
// T steps, R = ceil((picks - must_keep) / m) rounds of m picks: T0 = floor(warmup T) steps, then
// phase r covers steps [T0 + floor(r (T - T0) / R), T0 + floor((r + 1) (T - T0) / R)). After the
// last step of a phase Score is asked and the m eligible candidates of largest score are picked,
// ties to the lowest index. The network and its optimizer go on.
#ifndef WINNOW_KERNELS_SELECTORS_PHASED_H_
#define WINNOW_KERNELS_SELECTORS_PHASED_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/selectors/chosen_set.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/selectors/selector.h"

namespace winnow::selectors {

class Phased : public Selector {
 public:
  // `warmup`: share of the steps before the first phase.
  Phased(int64_t picks_per_round, double warmup) : per_round_(picks_per_round), warmup_(warmup) {}

  absl::Status Begin(const Problem& problem) final;
  std::string first_phase() const final;
  std::span<const float> mask() const final { return mask_; }
  std::span<const float> scores() const final { return scores_; }
  bool needs_mask_gradient() const override { return false; }
  absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                    ModelProbe& probe, StepOutcome& outcome) final;
  std::vector<winnow::Pick> picks() const final { return chosen_->picks(); }
  absl::Status Finish(ModelProbe& probe) final;
  void Save(const std::string& prefix, Checkpoint& checkpoint) const final;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) final;

 protected:
  virtual absl::Status Start() { return absl::OkStatus(); }
  // Fills the scores of all candidates under the present mask.
  virtual absl::Status Score(ModelProbe& probe, std::span<float> scores) = 0;
  // The mask of what is not selected while the run goes on: 0 or 1. What is selected has 1, and
  // after the last pick nothing else.
  virtual float mask_of_unselected() const = 0;

  const Problem& problem() const { return problem_; }
  int64_t size() const { return problem_.candidates->size(); }
  // Not selected, affordable, prerequisite selected; ascending.
  const std::vector<int32_t>& eligible() const { return eligible_; }
  bool is_warm() const { return next_step_ >= first_phase_step_; }

 private:
  int64_t Left() const;
  int64_t PhaseEnd(int64_t round) const;
  void UpdateMask(bool is_over);
  absl::Status PickSome(ModelProbe& probe, int64_t most, std::vector<winnow::Pick>& picks);

  const int64_t per_round_;
  const double warmup_;
  Problem problem_;
  std::optional<ChosenSet> chosen_;
  int64_t rounds_ = 0, first_phase_step_ = 0;

  int64_t next_step_ = 0, round_ = 0;
  std::vector<int32_t> eligible_;
  std::vector<float> mask_, scores_;
};

// steps, steps_per_pick, learning_rate, batch_size and picks_per_round in front of `table`.
std::vector<ParamSpec> WithPhaseParams(std::vector<ParamSpec> table);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PHASED_H_
