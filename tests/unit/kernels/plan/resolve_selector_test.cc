#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "kernels/selectors/registry.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using selectors::GetDouble;
using selectors::GetInt;
using selectors::GetString;
using selectors::ParamValues;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

const ParamValues& ParamsOf(const Plan& plan) { return plan.spec.selector.params; }

TEST(ResolveSelectorTest, DefaultOfEveryTask) {
  EXPECT_EQ(PlanOf(SelectFeatures(6), AdultProfile()).spec.selector.name, "sequential_attention");
  EXPECT_EQ(PlanOf(SelectDimensions(400), AdultProfile()).spec.selector.name, "gated_gradual");
  EXPECT_EQ(PlanOf(PruneBlocks(0.05), PixelProfile(60000, 784)).spec.selector.name,
            "gated_gradual");
}

TEST(ResolveSelectorTest, SequentialAttentionIsFullyResolved) {
  const Plan plan = PlanOf(SelectFeatures(50), PixelProfile(60000, 784));
  EXPECT_EQ(plan.selection_steps, 3333);  // round(40 * 75 / .9)
  EXPECT_EQ(plan.selection_batch, 512);
  const ParamValues& params = ParamsOf(plan);
  EXPECT_EQ(GetDouble(params, "learning_rate"), 2e-3);
  EXPECT_EQ(GetDouble(params, "logit_learning_rate"), 2e-3);
  EXPECT_EQ(GetDouble(params, "weight_decay"), 1.0);
  EXPECT_EQ(GetDouble(params, "mask_scale"), 1.0);
  EXPECT_EQ(GetDouble(params, "oversample"), 1.5);
  EXPECT_EQ(GetString(params, "score"), "gate");
  for (const auto& spec : selectors::FindSelector("sequential_attention")->params) {
    EXPECT_EQ(params.count(spec.name), spec.name == "steps" ? 0u : 1u) << spec.name;
  }
}

TEST(ResolveSelectorTest, BatchOfASelectionRunFollowsTheRows) {
  const auto batch = [](int64_t rows) {
    return PlanOf(SelectFeatures(2), RegressionProfile(rows)).selection_batch;
  };
  EXPECT_EQ(batch(100), 80);  // all training rows where there are fewer than 128
  EXPECT_EQ(batch(1000), 64);
  EXPECT_EQ(batch(4000), 200);
  EXPECT_EQ(batch(1'000'000), 512);
}

TEST(ResolveSelectorTest, OversamplePicksAndTrainsForMore) {
  Spec spec = SelectFeatures(50);
  spec.selector = {"sequential_attention", {{"oversample", 2.0}}};
  const Plan plan = PlanOf(spec, PixelProfile(60000, 784));
  EXPECT_EQ(plan.max_picks, 50);
  EXPECT_EQ(plan.selection_steps, 4444);  // round(40 * 100 / .9)
}

TEST(ResolveSelectorTest, OversamplesWhereCandidatesAndRowsAreToSpare) {
  const auto oversample = [](const Spec& spec, const DatasetProfile& profile) {
    return GetDouble(ParamsOf(PlanOf(spec, profile)), "oversample");
  };
  EXPECT_EQ(oversample(SelectFeatures(33), PixelProfile(60000, 100)), 1.5);  // 50 of 100
  EXPECT_EQ(oversample(SelectFeatures(34), PixelProfile(60000, 100)), 1.0);  // 51
  EXPECT_EQ(oversample(SelectFeatures(10), PixelProfile(630, 100)), 1.5);    // 504 training rows
  EXPECT_EQ(oversample(SelectFeatures(10), PixelProfile(620, 100)), 1.0);    // 496
  Spec tuned = SelectFeatures(10);
  tuned.selector = {"sequential_attention", {{"tune_weight_decay", true}}};
  EXPECT_EQ(oversample(tuned, PixelProfile(620, 100)), 1.5);
  Spec of_bytes = SelectFeatures(10);
  Features(of_bytes).budget.max_bytes = 1 << 20;
  EXPECT_EQ(oversample(of_bytes, PixelProfile(60000, 100)), 1.0);
}

TEST(ResolveSelectorTest, PruningSelectorsTakeWhatIsAbsentFromTraining) {
  Spec spec = PruneBlocks(0.05);
  spec.selector.name = "sequential_attention_pp";
  spec.training.steps = 1500;
  spec.training.weight_decay = 0.01;
  const Plan plan = PlanOf(spec, PixelProfile(60000, 784));
  EXPECT_EQ(plan.selection_steps, 1500);
  EXPECT_EQ(plan.selection_batch, 128);
  EXPECT_EQ(GetDouble(ParamsOf(plan), "learning_rate"), 2e-3);
  EXPECT_EQ(GetDouble(ParamsOf(plan), "weight_decay"), 0.01);
  EXPECT_EQ(GetDouble(ParamsOf(plan), "logit_learning_rate"), 0.06);
}

TEST(ResolveSelectorTest, PruningSelectorsHaveALengthOfTheirOwnWhenGiven) {
  Spec spec = SelectFeatures(6);
  spec.selector = {"gated_gradual", {{"steps", int64_t{900}}, {"batch_size", int64_t{64}}}};
  const Plan plan = PlanOf(spec, AdultProfile());
  EXPECT_EQ(plan.selection_steps, 900);
  EXPECT_EQ(plan.selection_batch, 64);
  EXPECT_EQ(GetDouble(ParamsOf(plan), "weight_decay"), 0.05);
}

TEST(ResolveSelectorTest, ChunksAreScoredWithTheirMagnitudeAndPrice) {
  const Plan plan = PlanOf(SelectDimensions(400), AdultProfile());
  EXPECT_EQ(GetString(ParamsOf(plan), "score"), "gate_magnitude");
  EXPECT_EQ(GetDouble(ParamsOf(plan), "cost_exponent"), 0.5);
}

TEST(ResolveSelectorTest, MoreColumnsThanRowsHaveDefaultsOfTheirOwn) {
  const Plan wide = PlanOf(SelectFeatures(50), PixelProfile(200, 10000));
  EXPECT_EQ(GetDouble(ParamsOf(wide), "weight_decay"), 100.0);
  EXPECT_EQ(GetInt(ParamsOf(wide), "picks_per_round"), 5);
  EXPECT_EQ(GetInt(ParamsOf(wide), "prefilter"), 150);
  const Plan tall = PlanOf(SelectFeatures(50), PixelProfile(60000, 784));
  EXPECT_EQ(GetDouble(ParamsOf(tall), "weight_decay"), 1.0);
  EXPECT_EQ(GetInt(ParamsOf(tall), "picks_per_round"), 1);
  EXPECT_EQ(GetInt(ParamsOf(tall), "prefilter"), 0);
}

TEST(ResolveSelectorTest, WhatNeedsValidationRowsIsRefusedWithoutThem) {
  Spec spec = SelectFeatures(6);
  spec.split = SplitSpec{.validation = 0.0, .test = 0.2};
  spec.training.early_stopping = false;
  for (const char* name : {"permutation", "shark", "autofield"}) {
    spec.selector.name = name;
    EXPECT_THAT(MessageAt(spec, AdultProfile(), "selector." + std::string(name)),
                HasSubstr("validation rows, and the split has none"));
  }
}

TEST(ResolveSelectorTest, WhatReadsInputsNeedsAFirstLayerOfAllInputs) {
  Spec spec = SelectFeatures(6);
  spec.model.kind = ModelKind::kDlrm;
  for (const char* name : {"omp", "shark", "sequential_lasso"}) {
    spec.selector.name = name;
    EXPECT_THAT(MessageAt(spec, AdultProfile(), "selector." + std::string(name)),
                HasSubstr("use model.kind linear or mlp"));
  }
}

TEST(ResolveSelectorTest, RandomTrainsNothing) {
  Spec spec = SelectFeatures(6);
  spec.selector.name = "random";
  EXPECT_EQ(PlanOf(spec, AdultProfile()).selection_steps, 0);
}

TEST(ResolveSelectorTest, UnknownNamesListTheRegistry) {
  Spec spec = SelectFeatures(6);
  spec.selector.name = "sequential";
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "selector"),
              HasSubstr("'sequential' is not a selector; use one of sequential_attention, "));
}

TEST(ResolveSelectorTest, BadParametersComeWithTheirPaths) {
  Spec spec = SelectFeatures(6);
  spec.selector = {"sequential_attention",
                   {{"warmup", 1.0}, {"stepps", int64_t{3}}, {"tune_weight_decay", 1.0}}};
  EXPECT_THAT(
      ViolationsOf(spec, AdultProfile()),
      ElementsAre(Pair("selector.sequential_attention.stepps", HasSubstr("unknown parameter")),
                  Pair("selector.sequential_attention.tune_weight_decay", "must be true or false"),
                  Pair("selector.sequential_attention.warmup", "must be < 1, got 1")));
}

Spec Tuned(int k) {
  Spec spec = SelectFeatures(k);
  spec.selector = {"sequential_attention", {{"tune_weight_decay", true}}};
  return spec;
}

TEST(ResolveSelectorTest, TuningTriesValuesInsteadOfOne) {
  const Plan plan = PlanOf(Tuned(6), AdultProfile());
  EXPECT_THAT(plan.tuned_weight_decays, ElementsAre(1.0, 10.0, 30.0));
  EXPECT_EQ(plan.spec.selector.params.count("weight_decay"), 0u);
  // A resolved spec says the same, and what is not tuned has no values.
  EXPECT_EQ(PlanOf(plan.spec, AdultProfile()).tuned_weight_decays, plan.tuned_weight_decays);
  const Plan plain = PlanOf(SelectFeatures(6), AdultProfile());
  EXPECT_THAT(plain.tuned_weight_decays, ElementsAre());
  // Two more selections and retrains, and the memory to have them side by side.
  EXPECT_EQ(plan.estimate.steps,
            plain.estimate.steps + 2 * plain.selection_steps + 2 * plain.training_steps);
  Spec alone = SelectFeatures(6), tuned = Tuned(6);
  alone.evaluation.controls = tuned.evaluation.controls = std::vector<std::string>{};
  EXPECT_GT(PlanOf(tuned, AdultProfile()).estimate.memory_bytes,
            PlanOf(alone, AdultProfile()).estimate.memory_bytes);
  // A repeat is one selection, with the value that was chosen.
  Spec repeated = tuned;
  repeated.evaluation.repeats = 3;
  EXPECT_EQ(PlanOf(repeated, AdultProfile()).estimate.steps,
            PlanOf(tuned, AdultProfile()).estimate.steps + 2 * plain.selection_steps);
}

TEST(ResolveSelectorTest, TuningSaysWhatItNeeds) {
  const std::string path = "selector.sequential_attention.tune_weight_decay";
  Spec spec = Tuned(6);
  spec.selector.params["weight_decay"] = 3.0;
  EXPECT_EQ(MessageAt(spec, AdultProfile(), path), "excludes weight_decay; give one of them");
  EXPECT_THAT(MessageAt(Tuned(14), AdultProfile(), path), HasSubstr("holds all 14 candidates"));
  spec = Tuned(6);
  spec.training.epochs = 0;
  EXPECT_THAT(MessageAt(spec, AdultProfile(), path), HasSubstr("needs training steps"));
  spec = Tuned(6);
  spec.split = SplitSpec{};
  spec.split->validation = 0;
  EXPECT_THAT(MessageAt(spec, AdultProfile(), path), HasSubstr("needs validation rows"));
}

bool TunesByDefault(const Spec& spec, const DatasetProfile& profile) {
  const Plan plan = PlanOf(spec, profile);
  const bool tunes = selectors::GetBool(ParamsOf(plan), "tune_weight_decay");
  EXPECT_EQ(tunes, !plan.tuned_weight_decays.empty());
  EXPECT_EQ(tunes, ParamsOf(plan).count("weight_decay") == 0);
  // The resolved spec says it, and to resolve it again changes nothing.
  const Plan again = PlanOf(plan.spec, profile);
  EXPECT_EQ(ParamsOf(again), ParamsOf(plan));
  EXPECT_EQ(again.tuned_weight_decays, plan.tuned_weight_decays);
  return tunes;
}

// Profiles of `rows` rows are split by shares of .8, .1 and .1.
TEST(ResolveSelectorTest, TunesWhereRowsAreFewButTellTheValuesApart) {
  EXPECT_TRUE(TunesByDefault(SelectFeatures(20), PixelProfile(2600, 500)));
  EXPECT_FALSE(TunesByDefault(SelectFeatures(20), PixelProfile(1800, 500)));   // 180 validate
  EXPECT_FALSE(TunesByDefault(SelectFeatures(20), PixelProfile(60000, 500)));  // 96 rows each
  EXPECT_TRUE(TunesByDefault(SelectFeatures(20), PixelProfile(2600, 2080)));   // 2,080 train
  EXPECT_FALSE(TunesByDefault(SelectFeatures(20), PixelProfile(2600, 2081)));
  EXPECT_TRUE(TunesByDefault(SelectFeatures(20), PixelProfile(2600, 209)));
  EXPECT_FALSE(TunesByDefault(SelectFeatures(20), PixelProfile(2600, 208)));
  EXPECT_FALSE(TunesByDefault(SelectFeatures(500), PixelProfile(2600, 500)));  // all of them
  Spec untrained = SelectFeatures(20);
  untrained.training.epochs = 0;
  EXPECT_FALSE(TunesByDefault(untrained, PixelProfile(2600, 500)));
}

TEST(ResolveSelectorTest, WhatIsSaidAboutTheDecayIsNotTuned) {
  const DatasetProfile madelon = PixelProfile(2600, 500);
  Spec spec = SelectFeatures(20);
  spec.selector = {"sequential_attention", {{"weight_decay", 3.0}}};
  EXPECT_FALSE(TunesByDefault(spec, madelon));
  EXPECT_EQ(GetDouble(ParamsOf(PlanOf(spec, madelon)), "weight_decay"), 3.0);
  spec.selector.params = {{"tune_weight_decay", false}};
  EXPECT_FALSE(TunesByDefault(spec, madelon));
  const ParamValues& pinned = PlanOf(spec, madelon).spec.selector.params;
  EXPECT_EQ(GetDouble(pinned, "weight_decay"), 1.0);
  EXPECT_EQ(GetDouble(pinned, "oversample"), 1.0);
  EXPECT_EQ(GetDouble(ParamsOf(PlanOf(SelectFeatures(20), madelon)), "oversample"), 1.5);
}

TEST(ResolveSelectorTest, ComputedDefaultsFitIntoWhatIsGiven) {
  const DatasetProfile madelon = PixelProfile(2600, 500);
  Spec spec = SelectFeatures(20);
  for (const int64_t steps : {23, 32, 33, 34}) {
    spec.selector = {"sequential_attention", {{"steps", steps}}};
    EXPECT_TRUE(TunesByDefault(spec, madelon));
    EXPECT_EQ(GetDouble(ParamsOf(PlanOf(spec, madelon)), "oversample"), steps < 34 ? 1.0 : 1.5);
  }
  for (const int64_t prefilter : {20, 29, 30, 0}) {
    spec.selector = {"sequential_attention", {{"prefilter", prefilter}}};
    const bool room = prefilter == 0 || prefilter >= 30;
    EXPECT_EQ(GetDouble(ParamsOf(PlanOf(spec, madelon)), "oversample"), room ? 1.5 : 1.0);
  }
}

TEST(ResolveSelectorTest, StepsAndStepsPerPickExcludeEachOther) {
  Spec spec = SelectFeatures(6);
  spec.selector = {"sequential_attention",
                   {{"steps", int64_t{100}}, {"steps_per_pick", int64_t{10}}}};
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "selector.sequential_attention"),
            "give steps or steps_per_pick, not both");
}

TEST(ResolveSelectorTest, FewerStepsThanRoundsAreRefusedBeforeTheJobStarts) {
  Spec spec = SelectFeatures(6);
  spec.selector = {"sequential_attention", {{"steps", int64_t{5}}}};
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "selector.sequential_attention"),
              HasSubstr("6 rounds but only 5 steps"));
}

TEST(ResolveSelectorTest, PruningWithoutStepsIsRefusedBeforeTheJobStarts) {
  Spec spec = PruneBlocks(0.05);
  spec.training.epochs = 0;
  EXPECT_THAT(MessageAt(spec, PixelProfile(60000, 784), "selector.gated_gradual"),
              HasSubstr("a run of 0 steps"));
}

TEST(ResolveSelectorTest, SharesThatExceedTheRunAreAViolation) {
  Spec spec = PruneBlocks(0.05);
  spec.selector = {"gated_gradual", {{"dense_fraction", 0.5}, {"prune_fraction", 0.75}}};
  EXPECT_EQ(MessageAt(spec, PixelProfile(60000, 784), "selector.gated_gradual.prune_fraction"),
            "must be at most 0.5 (1 - dense_fraction), got 0.75");
}

}  // namespace
}  // namespace winnow::plan
