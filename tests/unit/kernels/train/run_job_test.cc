#include "kernels/train/run_job.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/export/safetensors.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Key;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

std::vector<std::string> PickedNames(const Selection& selection) {
  std::vector<std::string> names;
  for (const Pick& pick : selection.picks) names.push_back(selection.names[pick.candidate]);
  return names;
}

double TestMetric(const SplitMetrics& metrics, const std::string& name) {
  return metrics.at("test").at(name).value.value();
}

class FeatureJobTest : public JobTest, public ::testing::WithParamInterface<TargetKind> {};

TEST_P(FeatureJobTest, FindsThePlantedColumnsAndBeatsRandomOnes) {
  SetUpJob(MakePlanted(GetParam(), 3000, 1), FeatureSpec(4));
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_THAT(PickedNames(selection), UnorderedElementsAre("n0", "n1", "n2", "c0"));
  EXPECT_EQ(selection.spent_count, 4);
  const bool regression = GetParam() == TargetKind::kRegression;
  const std::string metric = regression ? "r2" : "log_loss";
  const double sign = regression ? 1 : -1;
  const double chosen = sign * TestMetric(selection.metrics, metric);
  EXPECT_GT(chosen, sign * TestMetric(selection.controls.at("random"), metric) + 0.1);
  EXPECT_GT(chosen, sign * TestMetric(selection.controls.at("full"), metric) - 0.05);
  const MetricValue& interval = selection.metrics.at("test").at(metric);
  EXPECT_LT(*interval.low, *interval.value);
  EXPECT_GT(*interval.high, *interval.value);
  EXPECT_EQ(selection.control_details["random"]["draws"], 2);
}

INSTANTIATE_TEST_SUITE_P(Targets, FeatureJobTest,
                         ::testing::Values(TargetKind::kBinary, TargetKind::kMulticlass,
                                           TargetKind::kRegression),
                         [](const auto& info) {
                           return info.param == TargetKind::kBinary       ? "Binary"
                                  : info.param == TargetKind::kMulticlass ? "Multiclass"
                                                                          : "Regression";
                         });

using RunJobTest = JobTest;

TEST_F(RunJobTest, DlrmFindsThePlantedColumns) {
  plan::Spec spec = FeatureSpec(4);
  spec.model = DlrmModel();
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_THAT(PickedNames(selection), UnorderedElementsAre("n0", "n1", "n2", "c0"));
  EXPECT_GT(TestMetric(selection.metrics, "auc"),
            TestMetric(selection.controls.at("random"), "auc") + 0.05);
}

TEST_F(RunJobTest, GainsAreDropsOfTheValidationLoss) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 3), FeatureSpec(4));
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  double total = 0;
  for (const Pick& pick : selection.picks) {
    ASSERT_TRUE(pick.gain.has_value());
    total += *pick.gain;
  }
  // From the loss of the class shares, .69 at most, to below .4 with all informative columns.
  EXPECT_GT(total, 0.15);
  EXPECT_LT(total, 0.7);
}

TEST_F(RunJobTest, MustKeepCountsAndForbiddenColumnsStayOut) {
  plan::Spec spec = FeatureSpec(3);
  auto& task = std::get<plan::FeatureSelection>(spec.task);
  task.must_keep = {"n7"};
  task.forbid = {"n0"};
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), spec);
  RecordingObserver observer;
  const JobOutcome outcome = RunToEnd(observer);
  const std::vector<std::string> picked = PickedNames(outcome.selection);
  EXPECT_THAT(picked, SizeIs(3));
  EXPECT_EQ(picked[0], "n7");
  EXPECT_EQ(std::count(picked.begin(), picked.end(), "n0"), 0);
  EXPECT_EQ(outcome.selection.candidates, 11);
}

TEST_F(RunJobTest, TheExportedModelReadsTheSelectedColumnsOnly) {
  SetUpJob(MakePlanted(TargetKind::kMulticlass, 1500, 2), FeatureSpec(4));
  RecordingObserver observer;
  const JobOutcome outcome = RunToEnd(observer);
  ASSERT_OK_AND_ASSIGN(const exporting::Safetensors file,
                       exporting::ReadSafetensors(outcome.weights_path));
  const exporting::Tensor& first = file.tensors.at("dense_0.weight");
  int64_t inputs = 0;
  for (const std::string& name : PickedNames(outcome.selection)) {
    inputs += name[0] == 'c' ? 4 : name == "n9" ? 2 : 1;
    EXPECT_EQ(file.tensors.count("embedding." + name), name[0] == 'c' ? 1u : 0u);
  }
  EXPECT_THAT(first.shape, ElementsAre(inputs, 16));
  EXPECT_THAT(file.tensors.at("dense_1.weight").shape, ElementsAre(16, 3));
}

TEST_F(RunJobTest, CurveHoldsEverySizeAndMeetsTheRetrainAtK) {
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.curve = true;
  SetUpJob(MakePlanted(TargetKind::kBinary, 1500, 2), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  ASSERT_FALSE(selection.curve.empty());
  EXPECT_EQ(selection.curve.back().k, 4);
  EXPECT_EQ(TestMetric(selection.curve.back().metrics, "auc"),
            TestMetric(selection.metrics, "auc"));
  EXPECT_LT(TestMetric(selection.curve.front().metrics, "auc"),
            TestMetric(selection.metrics, "auc") - 0.02);
}

TEST_F(RunJobTest, DimensionsArePrefixesWithinTheBytes) {
  plan::Spec spec = DimensionSpec(150);
  spec.training.epochs = 20;
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_LE(selection.spent_bytes, 150);
  std::set<int32_t> picked;
  for (const Pick& pick : selection.picks) {
    const int32_t before = plan_.candidates.items[pick.candidate].prerequisite;
    if (before >= 0) {
      EXPECT_EQ(picked.count(before), 1u);
    }
    picked.insert(pick.candidate);
  }
  ASSERT_THAT(selection.dimensions, SizeIs(2));
  EXPECT_GT(selection.dimensions.at("c0"), 0);
  // 13 codes of 4 bytes a dimension.
  EXPECT_EQ(selection.spent_bytes,
            52 * (selection.dimensions.at("c0") + selection.dimensions.at("c1")));
  EXPECT_THAT(selection.controls, Contains(Key("uniform")));
  EXPECT_EQ(selection.control_details["uniform"]["width"], 1);
}

TEST_F(RunJobTest, BlocksOutsideTheMaskAreZeroInTheExportedWeights) {
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), BlockSpec(0.3));
  RecordingObserver observer;
  const JobOutcome outcome = RunToEnd(observer);
  const Selection& selection = outcome.selection;
  const int64_t blocks = plan_.candidates.size();
  ASSERT_THAT(selection.layers, SizeIs(1));
  EXPECT_EQ(selection.layers[0].kept, blocks * 3 / 10);
  EXPECT_EQ(selection.picks.size(), static_cast<size_t>(blocks * 3 / 10));
  ASSERT_OK_AND_ASSIGN(const exporting::Safetensors file,
                       exporting::ReadSafetensors(outcome.weights_path));
  const exporting::Tensor& weights = file.tensors.at("dense_0.weight");
  const BlockGrid& grid = plan_.candidates.grid;
  std::vector<bool> kept(blocks, false);
  for (const Pick& pick : selection.picks) kept[pick.candidate] = true;
  int64_t alive = 0;
  for (int64_t r = 0; r < weights.shape[0]; ++r) {
    for (int64_t j = 0; j < weights.shape[1]; ++j) {
      const int64_t block = r / grid.block_rows * grid.grid_columns() + j / grid.block_columns;
      const float w = weights.values[r * weights.shape[1] + j];
      if (!kept[block]) {
        EXPECT_EQ(w, 0.0f);
      }
      alive += w != 0.0f;
    }
  }
  EXPECT_GT(alive, 0);
  EXPECT_THAT(selection.controls, Contains(Key("random")));
  EXPECT_THAT(selection.controls, Contains(Key("full")));
  // Chosen and random mask trained in the same plain way.
  EXPECT_LT(TestMetric(selection.controls.at("transplant"), "log_loss"),
            TestMetric(selection.controls.at("random"), "log_loss"));
}

TEST_F(RunJobTest, ANoOpJobTrainsNothingAndHasNoMetrics) {
  plan::Spec spec = FeatureSpec(3);
  spec.selector.name = "random";
  spec.training.epochs = 0;
  spec.evaluation.controls = std::vector<std::string>{};
  SetUpJob(MakePlanted(TargetKind::kBinary, 100, 2), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_THAT(selection.picks, SizeIs(3));
  EXPECT_FALSE(selection.metrics.at("test").at("auc").value.has_value());
  EXPECT_TRUE(selection.controls.empty());
}

TEST_F(RunJobTest, SampleWeightsDecideWhatIsLearnt) {
  // In rows of weight 1 the sign of n0 decides, in rows of weight 0.01, three times as many, its
  // opposite does.
  PlantedTable table = MakePlanted(TargetKind::kBinary, 2000, 2);
  for (size_t i = 0; i < table.target.size(); ++i) {
    const bool counts = i % 4 == 0;
    table.target[i] = (table.columns[0].numeric[i] > 0) == counts ? 1.0f : 0.0f;
    table.weight.push_back(counts ? 1.0f : 0.01f);
  }
  plan::Spec spec = FeatureSpec(1);
  spec.selector.params["steps_per_pick"] = int64_t{200};
  spec.training.epochs = 20;
  SetUpJob(table, spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_THAT(PickedNames(selection), ElementsAre("n0"));
  EXPECT_GT(TestMetric(selection.metrics, "auc"), 0.9);
}

TEST_F(RunJobTest, GroupsReachTheMetrics) {
  PlantedTable table = MakePlanted(TargetKind::kBinary, 2000, 2);
  for (size_t i = 0; i < table.target.size(); ++i)
    table.group.push_back(static_cast<int32_t>(i % 50));
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.metrics = {"auc", "gauc", "calibration_error", "normalized_entropy"};
  SetUpJob(table, spec);
  RecordingObserver observer;
  const Metrics test = RunToEnd(observer).selection.metrics.at("test");
  EXPECT_NEAR(*test.at("gauc").value, *test.at("auc").value, 0.05);
  EXPECT_NE(*test.at("gauc").value, *test.at("auc").value);
  EXPECT_LT(*test.at("normalized_entropy").value, 0.9);
  EXPECT_FALSE(test.at("calibration_error").low.has_value());
}

TEST_F(RunJobTest, OverselectionIsPrunedBackToTheBudget) {
  plan::Spec spec = FeatureSpec(4);
  spec.selector.params["oversample"] = 1.5;
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_THAT(PickedNames(selection), UnorderedElementsAre("n0", "n1", "n2", "c0"));
  int pick_events = 0;
  for (const JobEvent& event : observer.events) {
    pick_events += std::holds_alternative<PickMade>(event.body);
  }
  EXPECT_EQ(pick_events, 6);
}

TEST_F(RunJobTest, OverselectedDimensionsArePrunedToTheBytes) {
  plan::Spec spec = DimensionSpec(150);
  spec.selector.name = "sequential_attention";
  spec.selector.params["oversample"] = 4.0;
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  EXPECT_LE(selection.spent_bytes, 150);
  EXPECT_GT(selection.dimensions.at("c0"), 0);
  std::set<int32_t> picked;
  for (const Pick& pick : selection.picks) {
    const int32_t before = plan_.candidates.items[pick.candidate].prerequisite;
    EXPECT_TRUE(before < 0 || picked.count(before) == 1);
    picked.insert(pick.candidate);
  }
}

TEST_F(RunJobTest, MagnitudeControlIsTrainedOnTheLargestWeights) {
  plan::Spec spec = FeatureSpec(4);
  spec.evaluation.controls = std::vector<std::string>{"magnitude"};
  SetUpJob(MakePlanted(TargetKind::kBinary, 3000, 1), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  // It reads the full model, which is trained and reported with it.
  EXPECT_THAT(selection.controls, UnorderedElementsAre(Key("full"), Key("magnitude")));
  EXPECT_GT(TestMetric(selection.controls.at("magnitude"), "auc"), 0.8);
}

TEST_F(RunJobTest, XorNeedsBothColumnsAndFindsThem) {
  plan::Spec spec = FeatureSpec(2);
  spec.model.hidden_units = std::vector<int32_t>{67};
  spec.selector.params["steps"] = int64_t{6000};
  spec.selector.params["batch_size"] = int64_t{256};
  spec.training.epochs = 5;
  spec.evaluation.controls = std::vector<std::string>{};
  SetUpJob(MakeXor(20, 5000, 1), spec);
  RecordingObserver observer;
  EXPECT_THAT(PickedNames(RunToEnd(observer).selection), UnorderedElementsAre("n0", "n1"));
}

// Rows that selection never saw say so when there is nothing to find.
TEST_F(RunJobTest, ShuffledLabelsAreWorthNothing) {
  constexpr int kRows = 4000;
  PlantedTable table = MakePlanted(TargetKind::kBinary, kRows, 1);
  const std::vector<float> target = table.target;
  const auto order = RngStream(7, "test/labels").Permutation(kRows);
  double positive = 0;
  for (int i = 0; i < kRows; ++i) {
    table.target[i] = target[order[i]];
    positive += target[i] / kRows;
  }
  SetUpJob(table, FeatureSpec(4));
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  // Of an AUC without information over n rows, share p positive: 1 / (12 n p (1 - p)), squared.
  const double error = std::sqrt(1 / (12 * 0.2 * kRows * positive * (1 - positive)));
  EXPECT_NEAR(TestMetric(selection.metrics, "auc"), 0.5, 3 * error);
}

TEST_F(RunJobTest, EverySelectorRunsOnEveryGateItDrives) {
  for (const selectors::Row& row : selectors::Registry()) {
    for (const GateKind gate : row.gates) {
      plan::Spec spec = gate == GateKind::kFeature ? FeatureSpec(3)
                        : gate == GateKind::kChunk ? DimensionSpec(150)
                                                   : BlockSpec(0.3);
      spec.selector.name = row.name;
      spec.selector.params.clear();
      spec.evaluation.controls = std::vector<std::string>{};
      SetUpJob(MakePlanted(TargetKind::kBinary, 700, 2), spec);
      RecordingObserver observer;
      const Selection selection = RunToEnd(observer).selection;
      EXPECT_FALSE(selection.picks.empty()) << row.name;
      if (gate == GateKind::kFeature) {
        EXPECT_THAT(selection.picks, SizeIs(3)) << row.name;
      }
      if (gate == GateKind::kChunk) {
        EXPECT_LE(selection.spent_bytes, 150) << row.name;
      }
      if (gate == GateKind::kBlock) {
        EXPECT_EQ(selection.layers[0].kept, plan_.candidates.size() * 3 / 10) << row.name;
      }
      EXPECT_GT(TestMetric(selection.metrics, "auc"), 0.4) << row.name;
    }
  }
}

}  // namespace
}  // namespace winnow::train
