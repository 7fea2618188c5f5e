#include "client/cli/spec_file.h"

#include <string>
#include <vector>

#include "client/cpp/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "winnow/v1/dataset_schema.pb.h"
#include "winnow/v1/job_spec.pb.h"

namespace winnow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::winnow::test::StatusIs;

v1::JobSpec Job(const std::string& text, const std::vector<std::string>& overrides = {}) {
  v1::JobSpec spec;
  EXPECT_OK(ParseSpec(text, "job.yaml", overrides, spec));
  return spec;
}

std::vector<std::string> Violations(const absl::Status& status) {
  std::vector<std::string> lines;
  for (const auto& violation : client::ErrorOf(status).violations) {
    lines.push_back(violation.path + ": " + violation.message);
  }
  return lines;
}

std::vector<std::string> Mistakes(const std::string& text,
                                  const std::vector<std::string>& overrides = {}) {
  v1::JobSpec spec;
  const absl::Status status = ParseSpec(text, "job.yaml", overrides, spec);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return Violations(status);
}

TEST(SpecFileTest, ReadsTheJobFileOfTheContract) {
  const v1::JobSpec spec = Job(R"(
dataset: adult
feature_selection:
  budget: {max_count: 6}
  groups: {location: [native-country]}
  must_keep: [age]
  costs: {age: 2.5}
selector:
  sequential_attention: {}
model:
  mlp: {hidden_units: [64, 32], embedding_dimension: 8}
training: {epochs: 20, batch_size: 512, learning_rate: 0.001, seed: 1, optimizer: lazy_adam}
evaluation: {metrics: [auc, log_loss], controls: [full, random], curve: true}
labels: {team: ads, run: 3}
)");
  EXPECT_EQ(spec.dataset(), "adult");
  EXPECT_EQ(spec.feature_selection().budget().max_count(), 6);
  EXPECT_THAT(spec.feature_selection().groups().at("location").values(),
              ElementsAre("native-country"));
  EXPECT_EQ(spec.feature_selection().costs().at("age"), 2.5);
  EXPECT_TRUE(spec.selector().has_sequential_attention());
  EXPECT_THAT(spec.model().mlp().hidden_units().values(), ElementsAre(64, 32));
  EXPECT_EQ(spec.training().epochs(), 20);
  EXPECT_EQ(spec.training().optimizer(), v1::Training::OPTIMIZER_LAZY_ADAM);
  EXPECT_THAT(spec.evaluation().controls().values(), ElementsAre("full", "random"));
  EXPECT_TRUE(spec.evaluation().curve());
  EXPECT_EQ(spec.labels().at("run"), "3");
}

TEST(SpecFileTest, JsonIsReadLikeYaml) {
  const v1::JobSpec spec = Job(
      R"({"dataset": "a", "feature_selection": {"budget": {"max_count": 2}}, "selector": "random"})");
  EXPECT_EQ(spec.feature_selection().budget().max_count(), 2);
  EXPECT_TRUE(spec.selector().has_random());
}

// What json.dumps and `show --json` write.
TEST(SpecFileTest, JsonOfOtherProgramsIsRead) {
  const v1::JobSpec spec =
      Job("{\n\t\"dataset\": \"a\\/b\",\n\t\"labels\": {\"k\": \"\\ud83d\\ude00 \\u00fc "
          "\\\\ud83d\"}, \"training\": {\"seed\": \"3\", \"optimizer\": \"OPTIMIZER_SGD\"}}");
  EXPECT_EQ(spec.dataset(), "a/b");
  EXPECT_EQ(spec.labels().at("k"), "😀 ü \\ud83d");
  EXPECT_EQ(spec.training().seed(), 3);
  EXPECT_THAT(Mistakes("training: {batch_size: \"3\"}"), SizeIs(1));
}

TEST(SpecFileTest, AChoiceWithoutAValueIsNotTakenForTheDefault) {
  EXPECT_THAT(
      Mistakes("selector:\n  random:\nmodel: {}"),
      ElementsAre("selector: random has no value; for its defaults write random: {} (line 2)",
                  HasSubstr("model: expected one of linear, mlp, wide_deep")));
}

TEST(SpecFileTest, AKeyOneLevelTooHighIsFound) {
  EXPECT_THAT(Mistakes("epochs: 3\nfeature_selection: {max_count: 3}"),
              ElementsAre("epochs: unknown key; did you mean training.epochs? (line 1)",
                          "feature_selection.max_count: unknown key; did you mean "
                          "budget.max_count? (line 2)"));
}

TEST(SpecFileTest, UnspecifiedIsNoValue) {
  EXPECT_THAT(Mistakes("split: {kind: unspecified}"), SizeIs(1));
}

TEST(SpecFileTest, AnOverrideMayNameAKeyWithDots) {
  const v1::JobSpec spec =
      Job("", {"feature_selection.costs.\"a.b\"=2", "feature_selection.must_keep=[c]"});
  EXPECT_EQ(spec.feature_selection().costs().at("a.b"), 2);
  EXPECT_THAT(Mistakes("dataset: d", {"feature_selection.costs.\"a.b=2"}), SizeIs(1));
}

TEST(SpecFileTest, ABareNameTakesAllDefaultsOfAChoice) {
  const v1::JobSpec spec = Job("selector: sequential_attention_pp\nmodel: linear");
  EXPECT_TRUE(spec.selector().has_sequential_attention_pp());
  EXPECT_TRUE(spec.model().has_linear());
}

TEST(SpecFileTest, NullMeansAbsentAndAnEmptyListMeansNone) {
  const v1::JobSpec spec = Job("selector: null\ntraining: ~\nevaluation: {controls: []}");
  EXPECT_FALSE(spec.has_selector());
  EXPECT_FALSE(spec.has_training());
  EXPECT_TRUE(spec.evaluation().has_controls());
  EXPECT_THAT(spec.evaluation().controls().values(), IsEmpty());
  EXPECT_FALSE(Job("evaluation: {controls: null}").evaluation().has_controls());
}

TEST(SpecFileTest, CurveAllIsShortForCurveAllTrue) {
  const v1::JobSpec spec = Job("evaluation: {curve: all}");
  EXPECT_TRUE(spec.evaluation().curve_all());
  EXPECT_FALSE(spec.evaluation().has_curve());
}

TEST(SpecFileTest, ReadsTheSchemaOfTheContract) {
  v1::DatasetSchema schema;
  ASSERT_OK(ParseSpec(R"(
format: csv
header: true
comment: null
missing: ["", "?", "NA"]
target: {column: income, kind: binary, positive: [">50K", 1]}
columns:
  age: {kind: numeric, transform: STANDARDIZE}
  tags: {kind: KIND_CATEGORICAL, vocabulary: dictionary, separator: "|"}
  city: {vocabulary: {hash_buckets: 1e5}}
  free: null
)",
                      "schema.yaml", {}, schema));
  EXPECT_EQ(schema.format(), v1::DatasetSchema::FORMAT_CSV);
  EXPECT_FALSE(schema.has_comment());
  EXPECT_THAT(schema.missing().values(), ElementsAre("", "?", "NA"));
  EXPECT_THAT(schema.target().positive(), ElementsAre(">50K", "1"));
  EXPECT_EQ(schema.columns().at("age").transform(), v1::ColumnSchema::TRANSFORM_STANDARDIZE);
  EXPECT_TRUE(schema.columns().at("tags").vocabulary().has_dictionary());
  EXPECT_EQ(schema.columns().at("city").vocabulary().hash_buckets(), 100000);
  EXPECT_FALSE(schema.columns().at("free").has_kind());
}

TEST(SpecFileTest, NamesEveryMistakeAtOnceWithItsLine) {
  EXPECT_THAT(
      Mistakes("feature_selektion: {}\n"
               "training:\n"
               "  epochs: many\n"
               "  batch_size: 1.5\n"
               "  seed: three\n"
               "  early_stopping: 1\n"
               "  optimizer: adm\n"
               "dataset: [a]\n"
               "evaluation: {metrics: auc, curve_points: [1, x]}\n"
               "labels: [a]\n"
               "model: 3\n"),
      ElementsAre("feature_selektion: unknown key; did you mean feature_selection? (line 1)",
                  "training.epochs: expected a number, got many (line 3)",
                  "training.batch_size: expected a whole number, got 1.5 (line 4)",
                  "training.seed: expected a whole number, got three (line 5)",
                  "training.early_stopping: expected true or false, got 1 (line 6)",
                  "training.optimizer: expected one of adam, adamw, sgd, adagrad, lazy_adam, got "
                  "adm (line 7)",
                  "dataset: expected a text, got a list (line 8)",
                  "evaluation.metrics: expected a list, got auc (line 9)",
                  "evaluation.curve_points[1]: expected a whole number, got x (line 9)",
                  "labels: expected a mapping, got a list (line 10)",
                  HasSubstr("model: unknown name 3; known: linear, mlp, wide_deep")));
}

TEST(SpecFileTest, AnUnknownKeyFarFromAllNamesListsTheKnown) {
  EXPECT_THAT(Mistakes("feature_selection: {budget: {zzzzzzzz: 1}}"),
              ElementsAre("feature_selection.budget.zzzzzzzz: unknown key; known: max_count, "
                          "max_bytes, max_flops, max_latency_us, density, quality_tolerance, "
                          "max_cost (line 1)"));
}

TEST(SpecFileTest, TwoMembersOfAChoiceExcludeEachOther) {
  EXPECT_THAT(
      Mistakes("selector: {random: {}, omp: {}}\nfeature_selection: {}\nblock_pruning: {}"),
      ElementsAre("selector.omp: excludes selector.random, which is given too (line 1)",
                  "block_pruning: excludes feature_selection, which is given too (line 3)"));
}

TEST(SpecFileTest, AKeyGivenTwiceIsRefused) {
  EXPECT_THAT(Mistakes("dataset: a\ndataset: b"), ElementsAre("dataset: is given twice (line 2)"));
}

TEST(SpecFileTest, AMemberThatNeedsAValueIsNotTakenBare) {
  v1::DatasetSchema schema;
  const absl::Status status =
      ParseSpec("columns: {a: {vocabulary: hash_buckets}}", "s.yaml", {}, schema);
  EXPECT_THAT(Violations(status),
              ElementsAre("columns.a.vocabulary: hash_buckets needs a value: {hash_buckets: ...} "
                          "(line 1)"));
}

TEST(SpecFileTest, NumbersOutOfRangeAreRefused) {
  EXPECT_THAT(Mistakes("training: {batch_size: 3000000000, learning_rate: .inf}"), SizeIs(2));
}

TEST(SpecFileTest, OverridesReplaceAndAdd) {
  const v1::JobSpec spec =
      Job("dataset: a\nselector: sequential_attention\ntraining: {seed: 1, epochs: 2}",
          {"training.seed=3", "training.epochs=null", "selector.sequential_attention.steps=40",
           "evaluation.metrics=[auc, log_loss]", "evaluation.curve=all", "dataset=b=c"});
  EXPECT_EQ(spec.training().seed(), 3);
  EXPECT_FALSE(spec.training().has_epochs());
  EXPECT_EQ(spec.selector().sequential_attention().steps(), 40);
  EXPECT_THAT(spec.evaluation().metrics(), ElementsAre("auc", "log_loss"));
  EXPECT_TRUE(spec.evaluation().curve_all());
  EXPECT_EQ(spec.dataset(), "b=c");
}

TEST(SpecFileTest, OverridesOfAnEmptyFileMakeTheWholeJob) {
  EXPECT_EQ(
      Job("", {"feature_selection.budget.max_count=2"}).feature_selection().budget().max_count(),
      2);
}

TEST(SpecFileTest, AMistakeInAnOverrideIsSaid) {
  EXPECT_THAT(Mistakes("training: {seed: x}\nevaluation: {metrics: [auc]}",
                       {"training.epochs=many", "nonsense", "=3", "evaluation.metrics.x=1"}),
              ElementsAre("--set nonsense: expected PATH=VALUE, as in training.seed=3",
                          "--set =3: expected PATH=VALUE, as in training.seed=3",
                          "evaluation.metrics.x: --set cannot change an entry of a list; give the "
                          "whole list",
                          "training.seed: expected a whole number, got x (line 1)",
                          "training.epochs: expected a number, got many (--set)"));
}

TEST(SpecFileTest, WhatIsNotYamlIsRefusedWithTheLine) {
  v1::JobSpec spec;
  EXPECT_THAT(
      ParseSpec("a: [1\nb: }", "job.yaml", {}, spec),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("job.yaml: not YAML, line 2")));
  EXPECT_THAT(ParseSpec("a: 1\n---\nb: 2", "job.yaml", {}, spec),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("more than one document")));
  // YAML::LoadAll never returned from this one.
  EXPECT_THAT(ParseSpec(",a", "job.yaml", {}, spec), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(SpecFileTest, WhatIsNotUtf8IsRefusedWithTheLine) {
  v1::JobSpec spec;
  EXPECT_THAT(
      ParseSpec("dataset: a\nlabels: {x: \xfa}", "job.yaml", {}, spec),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("job.yaml: line 2 is not UTF-8")));
  EXPECT_THAT(
      ParseSpec("dataset: a", "job.yaml", {"dataset=\xfa"}, spec),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("--set: line 1 is not UTF-8")));
  EXPECT_OK(ParseSpec("dataset: a\nlabels: {x: \xc3\xa9}", "job.yaml", {}, spec));
}

TEST(SpecFileTest, AnEmptyFileAndAListAreRefused) {
  EXPECT_THAT(Mistakes(""), ElementsAre("(file): expected a mapping, got null"));
  EXPECT_THAT(Mistakes("- a"), ElementsAre("(file): expected a mapping, got a list (line 1)"));
}

TEST(SpecFileTest, AFileThatIsNotThereIsNamed) {
  v1::JobSpec spec;
  EXPECT_THAT(LoadSpecFile("/nowhere/job.yaml", {}, spec),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/job.yaml")));
}

}  // namespace
}  // namespace winnow::cli
