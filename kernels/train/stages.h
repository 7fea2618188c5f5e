// The stages of a job, in order, as its plan fixes them.
//
//   select     masked training; for selectors that train the model, the training itself
//   prune      backward pruning, when the selection run picks more than the budget allows
//   trial      with several values of a parameter to choose from (tuning.h), one each in place of
//              select and prune: both, and the retrain of its picks for the validation loss
//   choose     the picks of the trial of least loss become those of the job, and its retrain theirs
//   size/*     with a quality_tolerance, after the full model: the retrain of the first picks, as
//              many as tolerance_search.h wants to know of in this round
//   cut        leaves the smallest number of picks within the tolerance
//   retrain    the smaller model from a fresh start; absent when selection trained the model and
//              only a mask is selected (blocks); after trials only where a stop left theirs out
//   capacity_matched  the retrained subset with as many parameters as the full model
//   control/*  full, random/<draw>, uniform, transplant, magnitude, each trained like the retrain
//   curve/<k>  the first k picks, trained like the retrain
//   repeat     select and prune with another seed, of repeats 1, 2, ...
// Consecutive trainings, and repeats, and trials form groups that go on side by side
// (side_by_side.h), as many as the plan allows (kernels/plan/lockstep.h). Each is what a job of its
// own would make: a model does not depend on its company. Names are those of events, random streams
// and results; repeats differ by their seed.
#ifndef WINNOW_KERNELS_TRAIN_STAGES_H_
#define WINNOW_KERNELS_TRAIN_STAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/plan/plan.h"
#include "kernels/train/reporter.h"

namespace winnow::train {

struct Stage {
  enum class Kind {
    kSelect,
    kPrune,
    kTrial,
    kChoose,
    kSize,
    kCut,
    kRetrain,
    kCapacity,
    kControl,
    kCurve,
    kRepeat
  };
  Kind kind = Kind::kSelect;
  std::string name;     // "control/random/1"
  std::string control;  // "random"
  int64_t k = 0;        // kCurve: number of picks
  int32_t repeat = 0;   // kRepeat
  int32_t trial = -1;   // kTrial
  int32_t round = 0;    // kSize: of the search
  int32_t slot = 0;     // kSize: place among the sizes of its round
  int32_t group = 0;    // equal ones go on together
  StageSize size;
};

// Beside the result and its quality, and trials after the first: what a stopped job leaves out.
bool IsEvidence(const Stage& stage);
// One training of a model as planned, not a selection.
bool IsTraining(const Stage& stage);

// Candidates that the selection run picks: more than plan.max_picks when its selector over-selects.
int64_t OverselectedCount(const plan::Plan& plan);

// True when the weights of the selection run are the result.
bool SelectionTrainsTheResult(const plan::Plan& plan);

// True when the retrain of the chosen trial is that of the result: nothing cuts its picks.
bool TrialsRetrain(const plan::Plan& plan);

std::vector<Stage> PlanStages(const plan::Plan& plan);

// Sums of all sizes.
StageSize TotalSize(const std::vector<Stage>& stages);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGES_H_
