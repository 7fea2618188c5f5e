#include "kernels/train/stages.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "kernels/plan/lockstep.h"
#include "kernels/plan/model_shape.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/selectors/registry.h"
#include "kernels/train/backward_prune.h"
#include "kernels/train/tolerance_search.h"
#include "kernels/train/tuning.h"

namespace winnow::train {
namespace {

constexpr char kOversample[] = "oversample";
// Gathering, loss and bookkeeping of a row, in multiply-adds.
constexpr double kWorkPerRow = 300;

bool Trains(const plan::Plan& plan) {
  const selectors::Row* row = selectors::FindSelector(plan.spec.selector.name);
  return row != nullptr && row->trains_the_model;
}

// Multiply-adds of a training step per row, roughly: three products a layer, and a constant for
// gathering and embeddings.
double RowWork(const plan::ModelShape& shape, double input_share) {
  const std::vector<plan::LayerShape> layers = plan::Layers(shape);
  const auto top = static_cast<size_t>(plan::TopLayer(shape));
  double work = 0;
  for (size_t l = 0; l < layers.size(); ++l) {
    work += (l == 0 || l == top ? input_share : 1.0) * static_cast<double>(layers[l].weights());
  }
  const int32_t inputs = shape.dense_width + shape.interaction_width;
  return 3 * work + 10 * input_share * inputs + kWorkPerRow;
}

StageSize TrainingSize(const plan::Plan& plan, int64_t steps, int64_t batch, double input_share) {
  return {.steps = steps,
          .work = static_cast<double>(steps * batch) * RowWork(plan.model, input_share)};
}

// Share of the full model's inputs that `picks` candidates have, roughly.
double InputShare(const plan::Plan& plan, int64_t picks) {
  if (plan.candidates.gate == GateKind::kBlock) return 1.0;
  return static_cast<double>(picks) /
         static_cast<double>(std::max<int64_t>(1, plan.candidates.size()));
}

Stage Training(const plan::Plan& plan, Stage::Kind kind, const std::string& name, int64_t picks) {
  Stage stage;
  stage.kind = kind;
  stage.name = name;
  stage.size = TrainingSize(plan, plan.training_steps, plan.spec.training.batch_size.value(),
                            InputShare(plan, picks));
  return stage;
}

void AddControl(const plan::Plan& plan, const std::string& control, std::vector<Stage>& stages) {
  const int64_t picks = control == "full" ? plan.candidates.size() : plan.max_picks;
  const int32_t draws = control == "random" ? plan.spec.evaluation.random_draws.value_or(3) : 1;
  for (int32_t draw = 0; draw < draws; ++draw) {
    std::string name = absl::StrCat("control/", control);
    if (control == "random") absl::StrAppend(&name, "/", draw);
    Stage stage = Training(plan, Stage::Kind::kControl, name, picks);
    stage.control = control;
    stages.push_back(stage);
  }
}

// Asked for, in a fixed order. `magnitude` reads the full model's weights; embedding widths have
// their own rival, the same width for every field.
std::vector<std::string> Controls(const plan::Plan& plan) {
  const std::vector<std::string> asked =
      plan.spec.evaluation.controls.value_or(std::vector<std::string>{});
  const auto has = [&](const char* name) {
    return std::find(asked.begin(), asked.end(), name) != asked.end();
  };
  std::vector<std::string> controls;
  // With a tolerance it is there already: the search measures by it.
  if ((has("full") || has("magnitude")) && !plan.budget.quality_tolerance) {
    controls.push_back("full");
  }
  if (has("random")) controls.push_back("random");
  if (!asked.empty() && plan.candidates.gate == GateKind::kChunk) controls.push_back("uniform");
  // A random mask is trained plainly, so it is compared with the chosen mask trained plainly.
  if ((has("transplant") || has("random")) && SelectionTrainsTheResult(plan)) {
    controls.push_back("transplant");
  }
  if (has("magnitude")) controls.push_back("magnitude");
  return controls;
}

StageSize SelectionSize(const plan::Plan& plan) {
  StageSize size = TrainingSize(plan, plan.selection_steps, plan.selection_batch, 1);
  size.work *= static_cast<double>(selectors::EnsembleSize(plan.spec.selector.params));
  return size;
}

// Of nothing, where the selection run picks no more than the budget allows.
StageSize PruningSize(const plan::Plan& plan) {
  const int64_t picked = OverselectedCount(plan);
  if (picked <= plan.max_picks) return {};
  const PruneSettings settings = PlannedPruning(plan, picked);
  return TrainingSize(plan, settings.steps(), settings.batch_size, InputShare(plan, picked));
}

void AddSelection(const plan::Plan& plan, std::vector<Stage>& stages) {
  Stage select;
  select.name = "select";
  select.size = SelectionSize(plan);
  stages.push_back(select);
  if (OverselectedCount(plan) <= plan.max_picks) return;
  Stage prune;
  prune.kind = Stage::Kind::kPrune;
  prune.name = "prune";
  prune.size = PruningSize(plan);
  stages.push_back(prune);
}

void AddTrials(const plan::Plan& plan, std::vector<Stage>& stages) {
  const StageSize selection = SelectionSize(plan), pruning = PruningSize(plan);
  for (size_t t = 0; t < plan.tuned_weight_decays.size(); ++t) {
    const auto trial = static_cast<int32_t>(t);
    Stage stage =
        Training(plan, Stage::Kind::kTrial, "trial/" + TrialLabel(plan, trial), plan.max_picks);
    stage.trial = trial;
    stage.size.steps += selection.steps + pruning.steps;
    stage.size.work += selection.work + pruning.work;
    stages.push_back(stage);
  }
  Stage choose;
  choose.kind = Stage::Kind::kChoose;
  choose.name = "select/choose";
  stages.push_back(choose);
}

// The full model, the sizes that are tried against it, and the cut.
void AddSearch(const plan::Plan& plan, std::vector<Stage>& stages) {
  AddControl(plan, "full", stages);
  const int64_t slots = std::min(kSizesPerRound, plan.max_picks);
  for (int32_t round = 0; round < kToleranceRounds; ++round) {
    for (int32_t slot = 0; slot < slots; ++slot) {
      Stage stage = Training(plan, Stage::Kind::kSize, absl::StrCat("size/", round, "/", slot),
                             plan.max_picks);
      stage.round = round;
      stage.slot = slot;
      stages.push_back(stage);
    }
  }
  Stage cut;
  cut.kind = Stage::Kind::kCut;
  cut.name = "cut";
  stages.push_back(cut);
}

void AddRepeat(const plan::Plan& plan, int32_t repeat, std::vector<Stage>& stages) {
  Stage stage;
  stage.kind = Stage::Kind::kRepeat;
  stage.name = absl::StrCat("repeat/", repeat);
  stage.repeat = repeat;
  stage.size = SelectionSize(plan);
  const StageSize pruning = PruningSize(plan);
  stage.size.steps += pruning.steps;
  stage.size.work += pruning.work;
  stages.push_back(stage);
}

// The magnitude control begins a group: its subset is read off the full model.
bool GoTogether(const Stage& first, const Stage& next) {
  if (first.kind == Stage::Kind::kRepeat || first.kind == Stage::Kind::kTrial) {
    return next.kind == first.kind;
  }
  if (first.kind == Stage::Kind::kSize || next.kind == Stage::Kind::kSize) {
    return next.kind == Stage::Kind::kSize && first.round == next.round;
  }
  return IsTraining(first) && IsTraining(next) && next.control != "magnitude";
}

// Numbers the groups.
void Group(const plan::Plan& plan, std::vector<Stage>& stages) {
  const auto most = static_cast<size_t>(plan::LockstepModels(plan));
  int32_t group = 0;
  for (size_t begin = 0; begin < stages.size();) {
    size_t end = begin + 1;
    while (end < stages.size() && GoTogether(stages[begin], stages[end])) ++end;
    // Groups of about the same size.
    const size_t groups = (end - begin + most - 1) / most;
    for (size_t i = begin; i < end; ++i) {
      stages[i].group = group + static_cast<int32_t>((i - begin) * groups / (end - begin));
    }
    group += static_cast<int32_t>(groups);
    begin = end;
  }
}

}  // namespace

bool IsEvidence(const Stage& stage) {
  return stage.kind == Stage::Kind::kRepeat || stage.trial > 0 ||
         (IsTraining(stage) && stage.kind != Stage::Kind::kRetrain);
}

bool IsTraining(const Stage& stage) {
  return stage.kind == Stage::Kind::kRetrain || stage.kind == Stage::Kind::kCapacity ||
         stage.kind == Stage::Kind::kControl || stage.kind == Stage::Kind::kCurve ||
         stage.kind == Stage::Kind::kSize;
}

int64_t OverselectedCount(const plan::Plan& plan) {
  const selectors::ParamValues& params = plan.spec.selector.params;
  if (params.count(kOversample) == 0) return plan.max_picks;
  const double share = selectors::GetDouble(params, kOversample);
  const auto wanted =
      static_cast<int64_t>(std::ceil(share * static_cast<double>(plan.max_picks) - 1e-9));
  return std::clamp(wanted, plan.max_picks, plan.candidates.size());
}

bool SelectionTrainsTheResult(const plan::Plan& plan) {
  return Trains(plan) && plan.candidates.gate == GateKind::kBlock;
}

bool TrialsRetrain(const plan::Plan& plan) {
  return !plan.tuned_weight_decays.empty() && !plan.budget.quality_tolerance;
}

std::vector<Stage> PlanStages(const plan::Plan& plan) {
  std::vector<Stage> stages;
  if (plan.tuned_weight_decays.empty()) {
    AddSelection(plan, stages);
  } else {
    AddTrials(plan, stages);
  }
  if (plan.budget.quality_tolerance) AddSearch(plan, stages);
  if (!SelectionTrainsTheResult(plan)) {
    stages.push_back(Training(plan, Stage::Kind::kRetrain, "retrain", plan.max_picks));
    if (TrialsRetrain(plan)) stages.back().size = {};
  }
  if (plan.spec.evaluation.capacity_matched.value_or(false)) {
    Stage matched = Training(plan, Stage::Kind::kCapacity, "capacity_matched", plan.max_picks);
    // Its hidden layers hold what the full model holds in tables and rows of the first layer.
    matched.size.work = static_cast<double>(matched.size.steps) *
                        plan.spec.training.batch_size.value() *
                        (3.0 * static_cast<double>(plan.model.parameters) + kWorkPerRow);
    stages.push_back(matched);
  }
  for (const std::string& control : Controls(plan)) AddControl(plan, control, stages);
  for (const int64_t k : plan.curve) {
    Stage point = Training(plan, Stage::Kind::kCurve, absl::StrCat("curve/", k), k);
    point.k = k;
    stages.push_back(point);
  }
  for (int32_t repeat = 1; repeat < plan.spec.evaluation.repeats.value_or(1); ++repeat) {
    AddRepeat(plan, repeat, stages);
  }
  Group(plan, stages);
  return stages;
}

StageSize TotalSize(const std::vector<Stage>& stages) {
  StageSize total;
  for (const Stage& stage : stages) {
    total.steps += stage.size.steps;
    total.work += stage.size.work;
  }
  return total;
}

}  // namespace winnow::train
