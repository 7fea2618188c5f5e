// The stages of a job, in order, as its plan fixes them.
//
//   select     masked training; for selectors that train the model, the training itself
//   prune      backward pruning, when the selection run picks more than the budget allows
//   retrain    the smaller model from a fresh start; absent when selection trained the model and
//              only a mask is selected (blocks)
//   capacity_matched  the retrained subset with as many parameters as the full model
//   control/*  full, random/<draw>, uniform, transplant, magnitude, each trained like the retrain
//   curve/<k>  the first k picks, trained like the retrain
//   select, prune of repeats 1, 2, ...
// Sizes of the curve, controls and repeats follow one another. They share the copy of their columns
// (compact_columns.h) but not the batches: each is the training that a job of its own would make.
// Names are those of events, random streams and results; repeats differ by their seed.
#ifndef WINNOW_KERNELS_TRAIN_STAGES_H_
#define WINNOW_KERNELS_TRAIN_STAGES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/plan/plan.h"
#include "kernels/train/reporter.h"

namespace winnow::train {

struct Stage {
  enum class Kind { kSelect, kPrune, kRetrain, kCapacity, kControl, kCurve };
  Kind kind = Kind::kSelect;
  std::string name;     // "control/random/1"
  std::string control;  // "random"
  int64_t k = 0;        // kCurve: number of picks
  int32_t repeat = 0;   // kSelect, kPrune
  StageSize size;
};

// Candidates that the selection run picks: more than plan.max_picks when its selector over-selects.
int64_t OverselectedCount(const plan::Plan& plan);

// True when the weights of the selection run are the result.
bool SelectionTrainsTheResult(const plan::Plan& plan);

std::vector<Stage> PlanStages(const plan::Plan& plan);

// Sums of all sizes.
StageSize TotalSize(const std::vector<Stage>& stages);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_STAGES_H_
