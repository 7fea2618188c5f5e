// Profiles of imaginary datasets, and what a test asks of a Resolution.
#ifndef WINNOW_TESTS_UNIT_KERNELS_PLAN_PLAN_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_PLAN_PLAN_TESTING_H_

#include <string>
#include <utility>
#include <vector>

#include "kernels/base/dataset_profile.h"
#include "kernels/plan/plan.h"

namespace winnow::plan {

// UCI Adult: 14 columns, 8 of them categorical, files of 32,561 and 16,281 rows.
DatasetProfile AdultProfile();

// `columns` numeric columns p0, p1, ..., ten classes.
DatasetProfile PixelProfile(int64_t rows, int32_t columns);

// Three numeric columns a, b, c, a numeric target.
DatasetProfile RegressionProfile(int64_t rows);

Spec SelectFeatures(int64_t max_count);
Spec SelectDimensions(int64_t max_bytes);
Spec PruneBlocks(double density);

FeatureSelection& Features(Spec& spec);
EmbeddingDimension& Dimensions(Spec& spec);
BlockPruning& Blocks(Spec& spec);

// (path, message) of every violation, in order.
std::vector<std::pair<std::string, std::string>> ViolationsOf(const Spec& spec,
                                                              const DatasetProfile& profile);

// The message at `path`; "" when there is none.
std::string MessageAt(const Spec& spec, const DatasetProfile& profile, const std::string& path);

// REQUIRES: the spec resolves; the test fails otherwise.
Plan PlanOf(const Spec& spec, const DatasetProfile& profile);

const Candidate& CandidateNamed(const Plan& plan, const std::string& name);
std::vector<std::string> CandidateNames(const Plan& plan);

}  // namespace winnow::plan

#endif  // WINNOW_TESTS_UNIT_KERNELS_PLAN_PLAN_TESTING_H_
