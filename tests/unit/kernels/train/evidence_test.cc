// Beside the result: the curve and its area, the retrain with the full model's capacity.
#include <cstdlib>
#include <string>
#include <variant>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/export/selection_json.h"
#include "kernels/train/stage_model.h"
#include "kernels/train/subset.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::ElementsAre;

using EvidenceTest = JobTest;

TEST_F(EvidenceTest, CapacityMatchedHasTheFullModelsParametersOnTheSubset) {
  plan::Spec spec = FeatureSpec(4);
  spec.model.hidden_units = std::vector<int32_t>{16, 8};
  spec.evaluation.capacity_matched = true;
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const JobOutcome with = RunToEnd(observer);
  ASSERT_TRUE(with.selection.capacity_matched.has_value());
  const CapacityMatched& matched = *with.selection.capacity_matched;
  // 19 inputs and two tables of 13 x 4: 104 + 20 * 16 + 17 * 8 + 9.
  EXPECT_EQ(plan_.model.parameters, 569);
  EXPECT_NEAR(static_cast<double>(matched.parameters), 569, 20);
  EXPECT_GT(matched.hidden_units[0], 16);
  EXPECT_NEAR(matched.hidden_units[1], matched.hidden_units[0] / 2.0, 0.51);
  EXPECT_TRUE(matched.metrics.at("test").at("auc").value.has_value());
  bool told = false;
  for (const JobEvent& event : observer.events) {
    const auto* measured = std::get_if<Evaluated>(&event.body);
    told |= measured != nullptr && measured->what == "capacity_matched" && measured->k == 4;
  }
  EXPECT_TRUE(told);
  const auto json = exporting::SelectionJson(with.selection)["capacity_matched"];
  EXPECT_EQ(json["parameters"], matched.parameters);
  EXPECT_EQ(json["dropout"], 0.0);
  EXPECT_EQ(json["test"]["auc"]["value"], *matched.metrics.at("test").at("auc").value);

  // Nothing else changes.
  spec.evaluation.capacity_matched = false;
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver plain;
  const JobOutcome without = RunToEnd(plain);
  EXPECT_FALSE(without.selection.capacity_matched.has_value());
  EXPECT_EQ(BytesOf(with, {}).weights, BytesOf(without, {}).weights);
}

TEST_F(EvidenceTest, ManyUnitsOverNumericInputsOfManyRowsAreTrainedWithDropout) {
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.capacity_matched = true;
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 1), spec);
  EXPECT_EQ(CapacityDropout(plan_), 0.0);  // two of its columns are embedded
  plan_.spec.training.dropout = 0.1;
  EXPECT_EQ(CapacityDropout(plan_), 0.1);
  std::erase_if(plan_.model.fields,
                [](const plan::InputField& field) { return field.categorical; });
  EXPECT_EQ(CapacityDropout(plan_), 0.1);  // and its rows are few
  plan_.train_rows = 5000;
  EXPECT_EQ(CapacityDropout(plan_), 0.3);
  plan_.spec.training.dropout = 0.5;
  EXPECT_EQ(CapacityDropout(plan_), 0.5);
}

TEST_F(EvidenceTest, WideningComesNearestToTheParameters) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 700, 1), FeatureSpec(4));
  const plan::ModelShape small =
      SubsetShape(plan_.model, plan_.candidates, std::vector<int32_t>{0});
  // One input, one hidden layer, one output: 2 h + h + 1.
  for (const int64_t parameters : {100, 101, 102, 1000, 99999}) {
    const plan::ModelShape wide = WidenTo(small, parameters);
    EXPECT_LE(std::abs(wide.parameters - parameters), 1);
    EXPECT_EQ(wide.parameters, 3 * wide.hidden_units[0] + 1);
    EXPECT_EQ(wide.input_width, 1);
  }
  EXPECT_EQ(WidenTo(small, small.parameters).hidden_units, small.hidden_units);
  EXPECT_EQ(WidenTo(small, 1).hidden_units, small.hidden_units);
}

TEST_F(EvidenceTest, TheAreaIsThatOfTheCurve) {
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.curve_points = {2, 4};
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  ASSERT_EQ(selection.curve.size(), 2u);
  const double left = *selection.curve[0].metrics.at("test").at("auc").value;
  const double right = *selection.curve[1].metrics.at("test").at("auc").value;
  EXPECT_NEAR(*selection.aukc.at("test").at("auc"), (left + right) / 2, 1e-12);
  EXPECT_EQ(exporting::SelectionJson(selection)["aukc"]["test"]["auc"],
            *selection.aukc.at("test").at("auc"));
}

TEST_F(EvidenceTest, CurveOfBlocksTrainsTheFirstBlocksPlainly) {
  plan::Spec spec = BlockSpec(0.3);
  spec.evaluation.curve = true;
  spec.evaluation.controls = std::vector<std::string>{"transplant"};
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), spec);
  const int64_t kept = plan_.max_picks;
  ASSERT_GT(kept, 8);
  EXPECT_EQ(plan_.curve.back(), kept);
  EXPECT_EQ(plan_.curve[plan_.curve.size() - 2], kept / 2);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  ASSERT_EQ(selection.curve.size(), plan_.curve.size());
  const double few = *selection.curve.front().metrics.at("test").at("log_loss").value;
  const double all = *selection.curve.back().metrics.at("test").at("log_loss").value;
  const double transplant = *selection.controls.at("transplant").at("test").at("log_loss").value;
  EXPECT_LT(all, few);
  // The same mask trained in the same way from other first weights.
  EXPECT_NEAR(all, transplant, 0.1);
}

}  // namespace
}  // namespace winnow::train
