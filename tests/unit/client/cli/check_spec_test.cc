#include "client/cli/check_spec.h"

#include "client/cli/spec_file.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::cli {
namespace {

using testing::ElementsAre;

std::vector<std::string> PathsOf(const std::vector<std::string>& form,
                                 const std::vector<std::string>& values) {
  const auto violations = [](const std::vector<std::string>& paths) {
    std::vector<client::FieldViolation> made;
    for (const std::string& path : paths) made.push_back({path, "is wrong"});
    return made;
  };
  std::vector<std::string> joined;
  for (const auto& violation : JoinViolations(violations(form), violations(values))) {
    joined.push_back(violation.path);
  }
  return joined;
}

TEST(CheckSpecTest, ValuesComeBehindTheForm) {
  EXPECT_THAT(PathsOf({"training.epochz"}, {"training.learning_rate", "evaluation.metrics[0]"}),
              ElementsAre("training.epochz", "training.learning_rate", "evaluation.metrics[0]"));
  EXPECT_THAT(PathsOf({"training.epochs"}, {"training.epochs_more"}),
              ElementsAre("training.epochs", "training.epochs_more"));
}

TEST(CheckSpecTest, WhatFollowsFromTheFormIsLeftOut) {
  EXPECT_THAT(PathsOf({"feature_selection.budget.max_cuont"}, {"feature_selection.budget"}),
              ElementsAre("feature_selection.budget.max_cuont"));
  EXPECT_THAT(PathsOf({"selector"}, {"selector.stg.steps", "selector"}), ElementsAre("selector"));
  EXPECT_THAT(PathsOf({"feature_selection.must_keep[1]"}, {"feature_selection.must_keep"}),
              ElementsAre("feature_selection.must_keep[1]"));
  EXPECT_THAT(PathsOf({"featur_selection"}, {"task", "training.seed"}),
              ElementsAre("featur_selection", "training.seed"));
  EXPECT_THAT(PathsOf({"datset"}, {"dataset"}), ElementsAre("datset"));
  EXPECT_THAT(PathsOf({"training.epochz"}, {"task"}), ElementsAre("training.epochz", "task"));
}

TEST(CheckSpecTest, WhatCouldBeReadIsThereBesideTheMistakes) {
  v1::JobSpec spec;
  const absl::Status form = ParseSpec(
      "dataset: adult\ntraining: {learning_rate: -1, epochz: 3, epochs: many}\n", "f", {}, spec);
  EXPECT_EQ(client::ErrorOf(form).violations.size(), 2u);
  EXPECT_EQ(spec.dataset(), "adult");
  EXPECT_EQ(spec.training().learning_rate(), -1);
}

}  // namespace
}  // namespace winnow::cli
