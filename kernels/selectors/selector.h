// A selector decides how the mask moves while a model trains, and which candidates are kept.
//
// Life of an in-loop selector, driven by kernels/train:
//   make -> Begin -> { Prepare -> mask(), ridge() -> a training step -> Step(gradient) }* -> picks
// Between and after the steps, whenever evaluates() is true, a driver selector is called with
// Evaluate instead, one piece of work a call (a shuffled column, a candidate's statistic), so that
// a job can be stopped and saved between pieces.
// Save and Load carry its whole state, so that a resumed run continues bit for bit.
#ifndef WINNOW_KERNELS_SELECTORS_SELECTOR_H_
#define WINNOW_KERNELS_SELECTORS_SELECTOR_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/candidate.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/model_probe.h"
#include "kernels/base/selection.h"
#include "kernels/selectors/params.h"

namespace winnow::selectors {

// What is to be selected. OWNERSHIP: `candidates` and `start_logits` outlive the selector.
struct Problem {
  const CandidateSet* candidates = nullptr;
  Budget budget;
  int64_t total_steps = 0;  // training steps of the selection run; 0 for selectors that need none
  int64_t max_picks =
      0;  // largest affordable number of candidates (MaxAffordableCount), must-keep included
  uint64_t seed = 0;
  int64_t validation_rows = 0;
  // Warm start: final_logits of an earlier run of the same selector, by candidate of this one, 0
  // for those that are new; empty: none. Selectors without gate logits ignore it.
  std::span<const float> start_logits;
};

// What happened in one Step; the trainer turns it into events.
struct StepOutcome {
  bool mask_changed = true;      // false: the trainer keeps its packed weights
  bool reset_optimizer = false;  // zero the moments of the network's optimizer
  std::vector<Pick> picks;       // new picks, in order; the trainer measures `gain`
  std::optional<std::string>
      phase;  // a new phase begins with the next step: "dense", "sparsification", ...
  std::optional<double> sparsity;  // blocks pruned so far, fraction of all, when it changed
  bool done = false;               // no further training step is wanted
};

// THREAD-SAFETY: none.
class Selector {
 public:
  virtual ~Selector() = default;

  // Called once, before the first step or before Load.
  // FAILED_PRECONDITION when the problem cannot be met (fewer steps than rounds, must-keep above
  // the budget).
  virtual absl::Status Begin(const Problem& problem) = 0;

  // Name of the first phase ("warmup", "dense", ...).
  virtual std::string first_phase() const = 0;

  // Before every training step, before its mask is read.
  virtual absl::Status Prepare(int64_t /*step*/, ModelProbe& /*probe*/) { return absl::OkStatus(); }

  // The multiplier of every candidate for the next step; entries >= 0. 0 freezes the candidate's
  // weights: no update, no decay (its weights stay bit-equal until the mask is positive again).
  virtual std::span<const float> mask() const = 0;

  // Penalty of the next step: adds ridge_c W_c to the gradient of candidate c's weights, which is
  // that of ridge_c ||W_c||^2 / 2. Empty: none. Feature and chunk gates alone.
  virtual std::span<const float> ridge() const { return {}; }

  // True when Step reads mask_gradient in the next step (warm-up and fixed masks do not need it).
  virtual bool needs_mask_gradient() const = 0;

  // False promises that Step reads mask_gradient only where the mask was not 0: dropped blocks may
  // then be left out of the step, their entries are 0.
  virtual bool needs_dropped_gradient() const { return true; }

  // After training step `step` (0-based). mask_gradient[c] = d(mean batch loss)/d(mask_c), empty
  // when not needed. `rate` multiplies the selector's own learning rates (the schedule of the
  // network's rate, 1 = its peak).
  virtual absl::Status Step(int64_t step, double rate, std::span<const float> mask_gradient,
                            ModelProbe& probe, StepOutcome& outcome) = 0;

  // True: the trainer calls Evaluate before anything else.
  virtual bool evaluates() const { return false; }
  // One piece of evaluation. Outcome as of Step; the mask may not change before the last piece.
  virtual absl::Status Evaluate(ModelProbe& /*probe*/, StepOutcome& /*outcome*/) {
    return absl::InternalError("this selector has nothing to evaluate");
  }

  // Picks so far in order. After the last step: complete. Before it (stop request): Finish fills
  // up.
  virtual std::vector<Pick> picks() const = 0;

  // Ends early: fills the picks up to the budget by the current scores.
  virtual absl::Status Finish(ModelProbe& probe) = 0;

  // Current scores of all candidates, larger is better (progress displays; candidates already
  // picked included).
  virtual std::span<const float> scores() const = 0;

  // Standard deviation of the gate logits over candidates; 0 without logits.
  virtual double logit_stddev() const { return 0.0; }

  // What a later selection may start its gate logits from, [candidates], 0 = as attentive as the
  // mean candidate; empty: nothing. Asked for at the end.
  virtual std::vector<float> final_logits() const { return {}; }

  virtual void Save(const std::string& prefix, Checkpoint& checkpoint) const = 0;
  virtual absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint) = 0;
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_SELECTOR_H_
