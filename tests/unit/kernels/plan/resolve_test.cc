// The whole of Resolve: every violation at once, the same plan from its own result.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Pair;

TEST(ResolveTest, AllViolationsComeAtOnceEachWithItsPath) {
  Spec spec = SelectFeatures(20);
  Features(spec).must_keep = {"aeg"};
  spec.selector = {"sequential_attention", {{"steps_per_pick", int64_t{0}}}};
  spec.training.learning_rate = -1;
  spec.training.batch_size = 0;
  spec.evaluation.metrics = {"r2"};
  spec.resources.priority = 1000;
  std::vector<std::string> paths;
  for (const auto& [path, message] : ViolationsOf(spec, AdultProfile())) paths.push_back(path);
  EXPECT_THAT(
      paths, IsSupersetOf({"feature_selection.budget.max_count", "feature_selection.must_keep[0]",
                           "selector.sequential_attention.steps_per_pick", "training.learning_rate",
                           "training.batch_size", "evaluation.metrics[0]", "resources.priority"}));
}

TEST(ResolveTest, NoTaskIsAViolation) {
  EXPECT_THAT(MessageAt({}, AdultProfile(), "task"), HasSubstr("feature_selection"));
}

TEST(ResolveTest, TasksOfLaterAreNotBuiltYet) {
  Spec spec;
  spec.task = FeatureCross();
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "feature_cross"), "is not built yet");
  spec.task = LayerPruning();
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "layer_pruning"), "is not built yet");
}

// A plan as text: everything that steers a job.
std::string Digest(const Plan& plan) {
  std::string text = SettingsJson(plan.spec).dump();
  for (int64_t number :
       {plan.max_picks, plan.train_rows, plan.validation_rows, plan.test_rows, plan.selection_steps,
        plan.selection_batch, plan.training_steps, plan.steps_per_epoch, plan.estimate.steps,
        plan.estimate.memory_bytes, plan.model.parameters}) {
    text += " " + std::to_string(number);
  }
  for (int64_t k : plan.curve) text += " " + std::to_string(k);
  for (const Candidate& candidate : plan.candidates.items) {
    text += " " + candidate.name + ":" + std::to_string(candidate.cost.bytes);
  }
  return text;
}

std::vector<std::pair<Spec, DatasetProfile>> ManyJobs() {
  std::vector<std::pair<Spec, DatasetProfile>> jobs;
  for (const char* selector : {"", "sequential_attention", "sequential_attention_pp",
                               "gated_gradual", "gradual_magnitude", "magnitude", "random"}) {
    for (Spec spec : {SelectFeatures(6), SelectDimensions(400), PruneBlocks(0.05)}) {
      spec.selector.name = selector;
      jobs.emplace_back(spec, AdultProfile());
      spec.training.steps = 777;
      spec.evaluation.controls = std::vector<std::string>{"full", "magnitude"};
      jobs.emplace_back(spec, AdultProfile());
    }
  }
  Spec grouped = SelectFeatures(3);
  Features(grouped).groups = {{"place", {"native-country", "race"}}};
  Features(grouped).must_keep = {"place"};
  Features(grouped).forbid = {"fnlwgt"};
  grouped.evaluation.curve = true;
  grouped.split = SplitSpec{.kind = SplitSpec::Kind::kRandom, .validation = 0.2, .test = 0.2};
  jobs.emplace_back(grouped, AdultProfile());
  Spec steps = SelectFeatures(2);
  steps.selector = {"sequential_attention", {{"steps", int64_t{6000}}}};
  jobs.emplace_back(steps, RegressionProfile(300));
  jobs.emplace_back(SelectFeatures(50), PixelProfile(60000, 784));
  return jobs;
}

TEST(ResolveTest, ResolvingAResolvedSpecGivesTheSamePlan) {
  for (const auto& [spec, profile] : ManyJobs()) {
    const Plan once = PlanOf(spec, profile);
    const Plan twice = PlanOf(once.spec, profile);
    EXPECT_EQ(Digest(once), Digest(twice));
  }
}

TEST(ResolveTest, EveryPlanHasStepsMemoryAndTime) {
  for (const auto& [spec, profile] : ManyJobs()) {
    const Plan plan = PlanOf(spec, profile);
    EXPECT_GT(plan.estimate.steps, 0);
    EXPECT_GT(plan.estimate.memory_bytes, int64_t{1} << 20);
    EXPECT_GT(plan.estimate.seconds, 0);
    EXPECT_TRUE(std::isfinite(plan.estimate.seconds));
    EXPECT_GE(*plan.spec.resources.memory_limit_bytes, plan.estimate.memory_bytes);
  }
}

// Half a byte a row beyond the size of a large table, all else being equal.
TEST(ResolveTest, MemoryHardlyGrowsWithTheRowsOfALargeTable) {
  Spec spec = SelectFeatures(6);
  spec.split = SplitSpec();
  spec.training.batch_size = 1024;
  const auto memory = [&spec](int64_t rows) {
    DatasetProfile profile = AdultProfile();
    profile.rows = profile.train_file_rows = rows;
    profile.table_bytes = 64 * rows;
    return PlanOf(spec, profile).estimate.memory_bytes;
  };
  const int64_t rows = 30'000'000;  // a tenth of them is as many as are evaluated
  EXPECT_NEAR(static_cast<double>(memory(10 * rows) - memory(rows)), 0.5 * 9.0 * rows, 1);
  EXPECT_LT(memory(100'000'000), int64_t{300} << 20);
}

TEST(ResolveTest, TheSplitOfTheDatasetUnlessTheJobHasItsOwn) {
  const DatasetProfile profile = AdultProfile();
  EXPECT_EQ(PlanOf(SelectFeatures(6), profile).test_rows, 48842 - 32561);
  Spec spec = SelectFeatures(6);
  spec.split = SplitSpec{.kind = SplitSpec::Kind::kRandom, .validation = 0.25, .test = 0.5};
  const Plan plan = PlanOf(spec, profile);
  EXPECT_EQ(plan.test_rows, 24421);
  EXPECT_EQ(plan.train_rows + plan.validation_rows + plan.test_rows, 48842);
}

TEST(ResolveTest, BadSplitsAreNamed) {
  Spec spec = SelectFeatures(6);
  spec.split = SplitSpec{.kind = SplitSpec::Kind::kRandom, .validation = 0.6, .test = 0.5};
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "split"), HasSubstr("leave rows to train on"));
  spec.split = SplitSpec{.kind = SplitSpec::Kind::kRandom, .validation = -0.1};
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "split.validation"), "must be in [0, 1), got -0.1");
  spec.split = SplitSpec{.kind = SplitSpec::Kind::kFolds, .folds = 5, .fold = 5};
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "split.fold"), "must be in [0, 5), got 5");
}

TEST(ResolveTest, WhatIsNotBuiltYetSaysSo) {
  using Change = void (*)(Spec&);
  const std::vector<std::pair<std::string, Change>> changes = {
      {"model", [](Spec& s) { s.model.kind = ModelKind::kDeepFm; }},
      {"model", [](Spec& s) { s.model.kind = ModelKind::kWideDeep; }},
      {"training.shards", [](Spec& s) { s.training.shards = 2; }},
      {"resources.workers", [](Spec& s) { s.resources.workers = 2; }},
      {"selector", [](Spec& s) { s.selector.name = "wanda"; }},
      {"feature_selection.budget.max_latency_us",
       [](Spec& s) { Features(s).budget.max_latency_us = 5; }}};
  for (const auto& [path, change] : changes) {
    Spec spec = SelectFeatures(6);
    change(spec);
    EXPECT_THAT(ViolationsOf(spec, AdultProfile()),
                ElementsAre(Pair(path, HasSubstr("not built yet"))))
        << path;
  }
}

TEST(ResolveTest, NumbersThatAreNoNumbersAreRefused) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  using Change = void (*)(Spec&, double);
  const std::vector<std::pair<std::string, Change>> changes = {
      {"training.learning_rate", [](Spec& s, double x) { s.training.learning_rate = x; }},
      {"training.weight_decay", [](Spec& s, double x) { s.training.weight_decay = x; }},
      {"training.input_noise", [](Spec& s, double x) { s.training.input_noise = x; }},
      {"training.dropout", [](Spec& s, double x) { s.training.dropout = x; }},
      {"training.epochs", [](Spec& s, double x) { s.training.epochs = x; }},
      {"evaluation.confidence_level", [](Spec& s, double x) { s.evaluation.confidence_level = x; }},
      {"resources.wall_clock_limit_s",
       [](Spec& s, double x) { s.resources.wall_clock_limit_s = x; }},
      {"feature_selection.costs.age", [](Spec& s, double x) { Features(s).costs["age"] = x; }}};
  for (const auto& [path, change] : changes) {
    for (const double value : {nan, infinity}) {
      Spec spec = SelectFeatures(6);
      change(spec, value);
      EXPECT_THAT(ViolationsOf(spec, AdultProfile()), Contains(Pair(path, HasSubstr("must be"))))
          << path << " = " << value;
    }
  }
}

}  // namespace
}  // namespace winnow::plan
