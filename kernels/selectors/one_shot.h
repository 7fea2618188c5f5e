// What selectors share that score every candidate and pick once, at the end.
//
// A run of T training steps under the masks of the selector, then Score, then the candidates of
// largest score as far as the budget holds, ties to the lowest index; of scores that are gains of
// the loss, those of largest gain for cost where the budget limits costs (knapsack.h). Candidates
// that must be kept have mask 1 throughout.
#ifndef WINNOW_KERNELS_SELECTORS_ONE_SHOT_H_
#define WINNOW_KERNELS_SELECTORS_ONE_SHOT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/selectors/chosen_set.h"
#include "kernels/selectors/selector.h"

namespace winnow::selectors {

class OneShot : public Selector {
 public:
  absl::Status Begin(const Problem& problem) final;
  std::span<const float> mask() const final { return mask_; }
  std::span<const float> scores() const final { return scores_; }
  std::vector<Pick> picks() const final { return chosen_->picks(); }
  absl::Status Finish(ModelProbe& probe) final;
  void Save(const std::string& prefix, Checkpoint& checkpoint) const final;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) final;

 protected:
  // After Begin has set all masks to 1 and all scores to 0.
  virtual absl::Status Start() { return absl::OkStatus(); }
  // Fills scores() from what is known now; it may be asked for before the last step.
  virtual absl::Status Score(ModelProbe& probe, std::span<float> scores) = 0;
  // True: scores are what the loss would rise without a candidate.
  virtual bool scores_are_gains() const { return false; }
  // State besides masks, scores and picks.
  virtual void SaveMore(const std::string& /*prefix*/, Checkpoint& /*checkpoint*/) const {}
  virtual absl::Status LoadMore(const std::string& /*prefix*/, const Checkpoint& /*checkpoint*/) {
    return absl::OkStatus();
  }

  // Scores, picks and closes the mask on the picks.
  absl::Status Choose(ModelProbe& probe, StepOutcome& outcome);

  const Problem& problem() const { return problem_; }
  int64_t size() const { return problem_.candidates->size(); }
  bool is_last(int64_t step) const { return step + 1 >= problem_.total_steps; }
  // The masks of the next step, to be filled by the selector; call KeepMustKeep afterwards.
  std::span<float> next_mask() { return mask_; }
  void KeepMustKeep();
  std::span<float> next_scores() { return scores_; }

 private:
  Problem problem_;
  std::optional<ChosenSet> chosen_;
  std::vector<float> mask_, scores_;
};

// steps, learning_rate and batch_size of a selection run of its own, in front of `table`.
std::vector<ParamSpec> WithOwnRunParams(std::vector<ParamSpec> table);
// Row::selection_steps of a table with them: steps, or 40 per pick and at least 500. Gates of a
// short run have hardly moved from where they start.
int64_t StepsOfOwnRun(const ParamValues& params, int64_t max_picks);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_ONE_SHOT_H_
