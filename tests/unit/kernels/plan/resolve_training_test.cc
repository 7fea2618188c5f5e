// Defaults of model and training from the shape of the data, and their ranges.
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/plan.h"
#include "tests/unit/kernels/plan/plan_testing.h"

namespace winnow::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

TEST(ResolveModelTest, DefaultsFollowTheKindsOfColumns) {
  const Plan pixels = PlanOf(SelectFeatures(50), PixelProfile(60000, 784));
  EXPECT_EQ(pixels.model.kind, ModelKind::kMlp);
  EXPECT_THAT(pixels.model.hidden_units, ElementsAre(67));
  EXPECT_EQ(pixels.model.outputs, 10);
  EXPECT_EQ(pixels.model.parameters, 785 * 67 + 68 * 10);
  const Plan adult = PlanOf(SelectFeatures(6), AdultProfile());
  EXPECT_THAT(adult.model.hidden_units, ElementsAre(64, 32));
  EXPECT_EQ(adult.model.embedding_dimension, 8);
  EXPECT_EQ(adult.model.outputs, 1);
}

TEST(ResolveModelTest, RowsOfTheFirstLayerFollowTheTable) {
  const ModelShape model = PlanOf(SelectFeatures(6), AdultProfile()).model;
  int32_t row = 0, dense = 0;
  for (const InputField& field : model.fields) {
    EXPECT_EQ(field.first_row, row);
    EXPECT_EQ(field.rows, field.categorical ? 8 : field.column == 12 ? 2 : 1);
    row += field.rows;
    dense += field.categorical ? 0 : field.rows;
  }
  EXPECT_EQ(model.input_width, row);
  EXPECT_EQ(model.dense_width, dense);
}

TEST(ResolveModelTest, LinearHasNoHiddenLayer) {
  Spec spec = SelectFeatures(2);
  spec.model.kind = ModelKind::kLinear;
  EXPECT_TRUE(PlanOf(spec, RegressionProfile(1000)).model.hidden_units.empty());
}

TEST(ResolveModelTest, SizesOutOfRangeAreNamedOneByOne) {
  Spec spec = SelectFeatures(2);
  spec.model.hidden_units = {{0, 8, 70000}};
  spec.model.embedding_dimension = 0;
  EXPECT_THAT(ViolationsOf(spec, AdultProfile()),
              ElementsAre(Pair("model.mlp.hidden_units[0]", "must be 1 to 65536, got 0"),
                          Pair("model.mlp.hidden_units[2]", "must be 1 to 65536, got 70000"),
                          Pair("model.mlp.embedding_dimension", "must be 1 to 1024, got 0")));
}

TEST(ResolveTrainingTest, TablesOfNumbers) {
  const Plan plan = PlanOf(SelectFeatures(50), PixelProfile(60000, 784));
  const TrainingSpec& t = plan.spec.training;
  EXPECT_EQ(t.optimizer, Optimizer::kAdam);
  EXPECT_EQ(t.learning_rate, 3e-3);
  EXPECT_EQ(t.schedule, Schedule::kCosine);
  EXPECT_EQ(t.final_learning_rate, 0.0);
  EXPECT_EQ(t.batch_size, 256);
  EXPECT_EQ(t.epochs, 50);
  EXPECT_EQ(t.input_noise, 0.2);
  EXPECT_EQ(t.early_stopping, true);
  EXPECT_EQ(plan.train_rows, 48000);
  EXPECT_EQ(plan.training_steps, 50 * 188);
}

TEST(ResolveTrainingTest, HeavyTailedColumnsHaveNoNoise) {
  DatasetProfile profile = PixelProfile(5000, 20);
  const auto noise = [&] { return PlanOf(SelectFeatures(5), profile).spec.training.input_noise; };
  for (ColumnProfile& column : profile.columns) {
    column.mean = 1, column.stddev = 2, column.min = -1, column.max = 5;
  }
  for (size_t j = 0; j < 10; ++j) profile.columns[j].max = 41;
  EXPECT_EQ(noise(), 0.2);  // half of the columns, but not the middle one
  profile.columns[10].min = -41;
  EXPECT_EQ(noise(), 0.0);
  for (ColumnProfile& column : profile.columns) column.transform = Transform::kQuantile;
  EXPECT_EQ(noise(), 0.2);
}

TEST(ResolveTrainingTest, NumbersOfStepsThatAreRefusedOverflowNothing) {
  Spec spec = SelectFeatures(5);
  spec.training.epochs = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(Resolve(spec, PixelProfile(1000, 20)).plan.training_steps, 0);
  spec.training.epochs.reset();
  spec.training.steps = std::numeric_limits<int64_t>::max();
  spec.evaluation.random_draws = std::numeric_limits<int32_t>::max();
  const Resolution resolution = Resolve(spec, PixelProfile(1000, 20));
  EXPECT_FALSE(resolution.ok());
  EXPECT_LE(resolution.plan.training_steps, 1'000'000'000);
}

TEST(ResolveTrainingTest, SmallTablesTrainLongerInSmallerBatches) {
  const Plan tiny = PlanOf(SelectFeatures(5), PixelProfile(1000, 20));
  EXPECT_EQ(tiny.spec.training.batch_size, 32);
  EXPECT_EQ(tiny.spec.training.epochs, 120);
  const Plan small = PlanOf(SelectFeatures(5), PixelProfile(5000, 20));
  EXPECT_EQ(small.spec.training.batch_size, 64);
}

TEST(ResolveTrainingTest, LargeTablesKeepAboutTwentyThousandSteps) {
  const Plan plan = PlanOf(SelectFeatures(5), PixelProfile(20'000'000, 20));
  EXPECT_EQ(plan.spec.training.batch_size, 1024);
  EXPECT_EQ(plan.spec.training.epochs, 1);
  const Plan middle = PlanOf(SelectFeatures(5), PixelProfile(2'000'000, 20));
  EXPECT_LE(middle.training_steps, 20000);
  EXPECT_GE(middle.training_steps, 10000);
}

TEST(ResolveTrainingTest, TablesWithEmbeddings) {
  const Plan plan = PlanOf(SelectFeatures(6), AdultProfile());
  EXPECT_EQ(plan.spec.training.optimizer, Optimizer::kLazyAdam);
  EXPECT_EQ(plan.spec.training.learning_rate, 2e-3);
  EXPECT_EQ(plan.spec.training.epochs, 20);
  EXPECT_EQ(plan.spec.training.input_noise, 0.0);
}

TEST(ResolveTrainingTest, AdagradHasARateOfItsOwn) {
  Spec spec = SelectFeatures(6);
  spec.training.optimizer = Optimizer::kAdagrad;
  EXPECT_EQ(PlanOf(spec, AdultProfile()).spec.training.learning_rate, 2e-2);
}

TEST(ResolveTrainingTest, BlockPruning) {
  Spec spec = PruneBlocks(0.05);
  spec.training.steps = 1500;
  const TrainingSpec t = PlanOf(spec, PixelProfile(60000, 784)).spec.training;
  EXPECT_EQ(t.batch_size, 128);
  EXPECT_EQ(t.learning_rate, 2e-3);
  EXPECT_EQ(t.schedule, Schedule::kExponential);
  EXPECT_EQ(t.final_learning_rate, 0.05);  // 2e-3 -> 1e-4
  EXPECT_EQ(t.early_stopping, false);
  EXPECT_EQ(t.input_noise, 0.0);
  EXPECT_EQ(t.epochs, std::nullopt);
}

TEST(ResolveTrainingTest, EpochsAndStepsExcludeEachOther) {
  Spec spec = SelectFeatures(2);
  spec.training.epochs = 1;
  spec.training.steps = 10;
  EXPECT_EQ(MessageAt(spec, AdultProfile(), "training"), "give epochs or steps, not both");
}

TEST(ResolveTrainingTest, FractionsOfAnEpochAndNoTrainingAtAll) {
  Spec spec = SelectFeatures(2);
  spec.training.batch_size = 100;
  spec.training.epochs = 0.5;
  EXPECT_EQ(PlanOf(spec, PixelProfile(1000, 5)).training_steps, 4);  // half of 8
  spec.training.epochs = 0;
  EXPECT_EQ(PlanOf(spec, PixelProfile(1000, 5)).training_steps, 0);
}

TEST(ResolveTrainingTest, MessagesNameTheRangeAndTheValue) {
  Spec spec = SelectFeatures(2);
  TrainingSpec& t = spec.training;
  t.learning_rate = -1;
  t.batch_size = 0;
  t.dropout = 1;
  t.weight_decay = -0.5;
  t.threads = 9;
  t.seed = static_cast<uint64_t>(-3);
  Resolution resolution = Resolve(spec, AdultProfile(), {.max_threads = 4});
  std::vector<std::pair<std::string, std::string>> found;
  for (const Violation& v : resolution.violations) found.emplace_back(v.path, v.message);
  EXPECT_THAT(found, testing::UnorderedElementsAre(
                         Pair("training.learning_rate", "must be > 0, got -1"),
                         Pair("training.batch_size", "must be 1 to 1048576, got 0"),
                         Pair("training.dropout", "must be in [0, 1), got 1"),
                         Pair("training.weight_decay", "must be >= 0, got -0.5"),
                         Pair("training.threads", "must be 1 to 4 (the worker slots), got 9"),
                         Pair("training.seed", "must be >= 0, got -3")));
}

TEST(ResolveTrainingTest, ExponentialCannotEndAtZero) {
  Spec spec = SelectFeatures(2);
  spec.training.schedule = Schedule::kExponential;
  spec.training.final_learning_rate = 0;
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "training.final_learning_rate"),
              HasSubstr("(0, 1] for exponential"));
}

TEST(ResolveTrainingTest, EarlyStoppingNeedsValidationRows) {
  Spec spec = SelectFeatures(2);
  spec.split = SplitSpec{.kind = SplitSpec::Kind::kRandom, .validation = 0, .test = 0.2};
  EXPECT_EQ(PlanOf(spec, AdultProfile()).spec.training.early_stopping, false);
  spec.training.early_stopping = true;
  EXPECT_THAT(MessageAt(spec, AdultProfile(), "training.early_stopping"),
              HasSubstr("needs validation rows"));
}

}  // namespace
}  // namespace winnow::plan
