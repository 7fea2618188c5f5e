#include "tests/unit/kernels/plan/plan_testing.h"

#include <algorithm>

#include "gtest/gtest.h"

namespace winnow::plan {
namespace {

void AddNumeric(DatasetProfile& profile, const std::string& name, int64_t missing = 0) {
  ColumnProfile column;
  column.name = name;
  column.kind = ColumnKind::kNumeric;
  column.missing = missing;
  profile.columns.push_back(column);
}

void AddCategorical(DatasetProfile& profile, const std::string& name, int64_t vocabulary) {
  ColumnProfile column;
  column.name = name;
  column.kind = ColumnKind::kCategorical;
  column.vocabulary = vocabulary;
  profile.columns.push_back(column);
}

void Split(DatasetProfile& profile) { profile.split_rows = CountSplit(profile, profile.split); }

}  // namespace

DatasetProfile AdultProfile() {
  DatasetProfile profile;
  profile.rows = 48842;
  profile.train_file_rows = 32561;
  AddNumeric(profile, "age");
  AddCategorical(profile, "workclass", 9);
  AddNumeric(profile, "fnlwgt");
  AddCategorical(profile, "education", 17);
  AddNumeric(profile, "education-num");
  AddCategorical(profile, "marital-status", 8);
  AddCategorical(profile, "occupation", 15);
  AddCategorical(profile, "relationship", 7);
  AddCategorical(profile, "race", 6);
  AddCategorical(profile, "sex", 3);
  AddNumeric(profile, "capital-gain");
  AddNumeric(profile, "capital-loss");
  AddNumeric(profile, "hours-per-week", 11);
  AddCategorical(profile, "native-country", 42);
  profile.target.kind = TargetKind::kBinary;
  profile.target.name = "income";
  profile.target.classes = {"<=50K", ">50K"};
  profile.target.class_counts = {37155, 11687};
  profile.split.kind = SplitSpec::Kind::kFiles;
  Split(profile);
  return profile;
}

DatasetProfile PixelProfile(int64_t rows, int32_t columns) {
  DatasetProfile profile;
  profile.rows = profile.train_file_rows = rows;
  for (int32_t c = 0; c < columns; ++c) AddNumeric(profile, "p" + std::to_string(c));
  profile.target.kind = TargetKind::kMulticlass;
  for (int32_t c = 0; c < 10; ++c) profile.target.classes.push_back(std::to_string(c));
  profile.target.class_counts.assign(10, rows / 10);
  Split(profile);
  return profile;
}

DatasetProfile RegressionProfile(int64_t rows) {
  DatasetProfile profile;
  profile.rows = profile.train_file_rows = rows;
  for (const char* name : {"a", "b", "c"}) AddNumeric(profile, name);
  profile.target.kind = TargetKind::kRegression;
  Split(profile);
  return profile;
}

Spec SelectFeatures(int64_t max_count) {
  Spec spec;
  FeatureSelection task;
  task.budget.max_count = max_count;
  spec.task = task;
  return spec;
}

Spec SelectDimensions(int64_t max_bytes) {
  Spec spec;
  EmbeddingDimension task;
  task.budget.max_bytes = max_bytes;
  spec.task = task;
  return spec;
}

Spec PruneBlocks(double density) {
  Spec spec;
  BlockPruning task;
  task.budget.density = density;
  spec.task = task;
  spec.model.hidden_units = {{400, 400}};
  return spec;
}

FeatureSelection& Features(Spec& spec) { return std::get<FeatureSelection>(spec.task); }
EmbeddingDimension& Dimensions(Spec& spec) { return std::get<EmbeddingDimension>(spec.task); }
BlockPruning& Blocks(Spec& spec) { return std::get<BlockPruning>(spec.task); }

std::vector<std::pair<std::string, std::string>> ViolationsOf(const Spec& spec,
                                                              const DatasetProfile& profile) {
  std::vector<std::pair<std::string, std::string>> violations;
  for (const Violation& violation : Resolve(spec, profile).violations) {
    violations.emplace_back(violation.path, violation.message);
  }
  return violations;
}

std::string MessageAt(const Spec& spec, const DatasetProfile& profile, const std::string& path) {
  for (const auto& [where, message] : ViolationsOf(spec, profile)) {
    if (where == path) return message;
  }
  return "";
}

Plan PlanOf(const Spec& spec, const DatasetProfile& profile) {
  Resolution resolution = Resolve(spec, profile);
  for (const Violation& violation : resolution.violations) {
    ADD_FAILURE() << violation.path << ": " << violation.message;
  }
  return std::move(resolution.plan);
}

const Candidate& CandidateNamed(const Plan& plan, const std::string& name) {
  static const Candidate none;
  for (const Candidate& candidate : plan.candidates.items) {
    if (candidate.name == name) return candidate;
  }
  ADD_FAILURE() << "no candidate " << name;
  return none;
}

std::vector<std::string> CandidateNames(const Plan& plan) {
  std::vector<std::string> names;
  for (const Candidate& candidate : plan.candidates.items) names.push_back(candidate.name);
  return names;
}

}  // namespace winnow::plan
