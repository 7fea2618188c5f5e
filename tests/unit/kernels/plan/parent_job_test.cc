#include "kernels/plan/parent_job.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

DatasetProfile BinaryProfile() {
  DatasetProfile profile;
  profile.target.kind = TargetKind::kBinary;
  profile.target.classes = {"no", "yes"};
  return profile;
}

ParentJob Parent() {
  ParentJob parent;
  parent.name = "tenants/t/jobs/p";
  parent.spec.task = FeatureSelection();
  parent.spec.model = {
      .kind = ModelKind::kMlp, .hidden_units = {{64, 32}}, .embedding_dimension = 8};
  parent.classes = {{"no", "yes"}};
  return parent;
}

std::vector<std::string> Problems(const Spec& spec, const DatasetProfile& profile,
                                  const ParentJob& parent) {
  Plan plan;
  plan.spec = spec;
  std::vector<std::string> problems;
  for (const Violation& violation : CheckParent(plan, profile, parent)) {
    problems.push_back(violation.path + ": " + violation.message);
  }
  return problems;
}

TEST(ParentJobTest, WhatIsLeftOpenIsTheParents) {
  Spec spec;
  spec.task = FeatureSelection();
  spec.model.hidden_units = {{10}};
  AdoptModel(Parent(), spec);
  EXPECT_EQ(spec.model.kind, ModelKind::kMlp);
  EXPECT_EQ(spec.model.hidden_units, std::vector<int32_t>{10});
  EXPECT_EQ(spec.model.embedding_dimension, 8);
  Spec linear;
  linear.model.kind = ModelKind::kLinear;
  AdoptModel(Parent(), linear);
  EXPECT_FALSE(linear.model.embedding_dimension.has_value());
}

TEST(ParentJobTest, AJobLikeItsParentFits) {
  EXPECT_THAT(Problems(Parent().spec, BinaryProfile(), Parent()), IsEmpty());
}

TEST(ParentJobTest, EveryDifferenceIsNamedWithBothSides) {
  Spec spec = Parent().spec;
  spec.task = BlockPruning();
  spec.model.hidden_units = {{64}};
  spec.model.embedding_dimension = 4;
  DatasetProfile profile = BinaryProfile();
  profile.target.classes = {"yes", "no"};
  EXPECT_THAT(
      Problems(spec, profile, Parent()),
      ElementsAre(
          "parent_job: must be a job of the same task, block_pruning; tenants/t/jobs/p is "
          "feature_selection",
          "parent_job: the classes of its target must be [yes, no], those of tenants/t/jobs/p are "
          "[no, yes]",
          "model.mlp.hidden_units: must be [64, 32] as in parent_job tenants/t/jobs/p, got [64]",
          "model.mlp.embedding_dimension: must be 8 as in parent_job tenants/t/jobs/p, got 4"));
}

TEST(ParentJobTest, AnotherKindOfModelIsOneDifference) {
  Spec spec = Parent().spec;
  spec.model.kind = ModelKind::kDlrm;
  EXPECT_THAT(Problems(spec, BinaryProfile(), Parent()),
              ElementsAre("model: must be mlp as in parent_job tenants/t/jobs/p, got dlrm"));
}

TEST(ParentJobTest, RegressionHasNoClasses) {
  ParentJob parent = Parent();
  parent.classes.emplace();
  DatasetProfile profile;
  profile.target.kind = TargetKind::kRegression;
  EXPECT_THAT(Problems(parent.spec, profile, parent), IsEmpty());
  parent.classes.reset();
  EXPECT_THAT(Problems(parent.spec, BinaryProfile(), parent), IsEmpty());
  EXPECT_THAT(Problems(parent.spec, profile, Parent()),
              ElementsAre("parent_job: the classes of its target must be [], those of "
                          "tenants/t/jobs/p are [no, yes]"));
}

}  // namespace
}  // namespace winnow::plan
