// Every column on its own against the target: no training, no account of redundancy.
//
//   score_c = max over the columns of candidate c of F, or of the mutual information
// (univariate_statistics.h) over at most 262,144 evenly spaced training rows. On tables of far more
// columns than rows it beats learnt selectors; on near duplicates and interactions it fails.
// Where a budget limits costs, information is taken as a gain (knapsack.h), F as a score.
// Row weights are not taken into account. Cost O(rows x columns), no memory beyond some columns.
#ifndef WINNOW_KERNELS_SELECTORS_UNIVARIATE_H_
#define WINNOW_KERNELS_SELECTORS_UNIVARIATE_H_

#include "absl/status/statusor.h"
#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row UnivariateRow();

// F of candidate c as above. For selectors that filter before they start.
absl::StatusOr<double> CandidateF(int32_t candidate, const TargetSample& target, ModelProbe& probe);
// The target over the rows that CandidateF looks at.
absl::StatusOr<TargetSample> TargetForF(ModelProbe& probe);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_UNIVARIATE_H_
