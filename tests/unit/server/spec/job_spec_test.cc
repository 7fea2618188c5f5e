#include "server/spec/job_spec.h"

#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "server/spec/selector_params.h"

namespace winnow::spec {
namespace {

using ::testing::IsEmpty;

v1::JobSpec FromJson(const std::string& json) {
  v1::JobSpec spec;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &spec);
  EXPECT_TRUE(status.ok()) << status.ToString();
  return spec;
}

TEST(JobSpecTest, RegistryAndContractAgree) { EXPECT_THAT(CompareRegistryWithProto(), IsEmpty()); }

TEST(JobSpecTest, AbsentFieldsStayAbsent) {
  const plan::Spec spec = SpecFromProto(FromJson(R"({"dataset": "adult"})"));
  EXPECT_EQ(spec.dataset, "adult");
  EXPECT_TRUE(std::holds_alternative<std::monostate>(spec.task));
  EXPECT_FALSE(spec.training.learning_rate);
  EXPECT_FALSE(spec.evaluation.controls);
  EXPECT_FALSE(spec.split);
  EXPECT_EQ(spec.selector.name, "");
}

TEST(JobSpecTest, EveryTaskMakesTheRoundTrip) {
  const char* jobs[] = {
      R"({"dataset": "a", "feature_selection": {"budget": {"max_count": 6, "max_bytes": "4000",
          "quality_tolerance": 0.01, "max_cost": 2.5},
          "groups": {"location": {"values": ["country", "state"]}}, "must_keep": ["age"],
          "forbid": ["id"], "costs": {"age": 2.5}},
          "selector": {"sequential_attention": {"steps_per_pick": 50, "logit_optimizer": "LOGIT_OPTIMIZER_SGD",
          "reset_logits": false}},
          "model": {"mlp": {"hidden_units": {"values": [64, 32]}, "embedding_dimension": 4}},
          "training": {"optimizer": "OPTIMIZER_ADAMW", "learning_rate": 0.01, "epochs": 3, "seed": "7",
          "schedule": "SCHEDULE_CONSTANT", "momentum": 0.5},
          "evaluation": {"metrics": ["auc"], "controls": {"values": ["full"]}, "curve_points": [1, 3]},
          "resources": {"wall_clock_limit_s": 9, "priority": -2}, "labels": {"team": "ads"},
          "split": {"kind": "KIND_TIME", "column": "day", "validation": 0.2, "test": 0.1, "seed": "3",
          "folds": 4, "fold": 1, "validation_values": ["v"], "test_values": ["t"]}})",
      R"({"dataset": "a", "embedding_dimension": {"budget": {"max_bytes": "400"}, "chunk": 2,
          "prefix": true, "fields": ["f"]}, "model": {"linear": {}},
          "evaluation": {"controls": {}}, "training": {}, "resources": {}})",
      R"({"dataset": "a", "block_pruning": {"layers": ["dense_0"], "block": {"rows": 16, "columns": 8},
          "budget": {"density": 0.05}}, "selector": {"gated_gradual": {"clip": false}},
          "training": {"steps": "1500", "batch_size": 128, "threads": 2}, "evaluation": {"curve": true},
          "resources": {"memory_limit_bytes": "1000000000"}})",
      R"({"dataset": "a", "feature_selection": {"budget": {"max_count": 6}},
          "model": {"dlrm": {"bottom_units": {"values": [64]}, "top_units": {"values": [32, 16]},
          "embedding_dimension": 4, "interaction": "INTERACTION_CONCAT"}},
          "training": {"optimizer": "OPTIMIZER_ADAGRAD"}, "evaluation": {}, "resources": {}})"};
  for (const char* json : jobs) {
    const v1::JobSpec proto = FromJson(json);
    const plan::Spec spec = SpecFromProto(proto);
    const v1::JobSpec back = SpecToProto(spec);
    std::string difference;
    google::protobuf::util::MessageDifferencer differencer;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(proto, back)) << difference;
  }
}

TEST(JobSpecTest, EnumsOfSelectorsBecomeWords) {
  const auto choice = SelectorFromProto(
      FromJson(
          R"({"selector": {"sequential_attention": {"logit_optimizer": "LOGIT_OPTIMIZER_SGD"}}})")
          .selector());
  EXPECT_EQ(choice.name, "sequential_attention");
  ASSERT_TRUE(choice.params.contains("logit_optimizer"));
  EXPECT_EQ(std::get<std::string>(choice.params.at("logit_optimizer")), "sgd");
}

TEST(JobSpecTest, AnEmptyListOfControlsIsNotAnAbsentOne) {
  const plan::Spec spec = SpecFromProto(FromJson(R"({"evaluation": {"controls": {}}})"));
  ASSERT_TRUE(spec.evaluation.controls);
  EXPECT_THAT(*spec.evaluation.controls, IsEmpty());
  EXPECT_TRUE(SpecToProto(spec).evaluation().has_controls());
}

}  // namespace
}  // namespace winnow::spec
