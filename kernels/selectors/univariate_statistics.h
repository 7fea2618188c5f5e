// How much one column alone says about the target.
//
// F statistic, numeric column x, target of C classes (one-way analysis of variance):
//   F = [ sum_c n_c (mean_c - mean)^2 / (C - 1) ] / [ sum_c sum_{n in c} (x_n - mean_c)^2 / (n - C)
//   ]
// numeric x, regression target with correlation r: F = r^2 (n - 2) / (1 - r^2), degrees of freedom
// 1 and n - 2. A categorical column has many degrees of freedom, so its own F cannot be compared
// with those. It gets the F that a numeric column of the same adjusted effect size would have:
//   classes      Cramer's V with the bias correction of Bergsma (2013, J. Korean Stat. Soc. 42,
//                323-328): phi2 = max(0, chi2 / n - (V-1)(C-1)/(n-1)), v~ = v - (v-1)^2/(n-1),
//                effect = phi2 / min(V~ - 1, C~ - 1)
//   regression   effect = 1 - (1 - eta2)(n - 1)/(n - V), eta2 of y on the codes
//   F from       1 - effect = (1 - eta2)(n - 1)/(n - C), F = eta2/(1 - eta2) (n - C)/(C - 1)
// (C = 2 stands for regression; V counts the codes that occur.)
//
// Mutual information over bins, nats, with the Miller-Madow correction (Miller 1955) of the bias
// that empty cells leave: I = sum p_bc log(p_bc / (p_b p_c)) - (B - 1)(C - 1)/(2 n). Numeric
// columns and regression targets are cut into bins of equal count, equal values staying together;
// codes of fewer O(n log n) each. All results are finite; a column that never varies has 0.
#ifndef WINNOW_KERNELS_SELECTORS_UNIVARIATE_STATISTICS_H_
#define WINNOW_KERNELS_SELECTORS_UNIVARIATE_STATISTICS_H_

#include <cstdint>

#include "kernels/base/model_probe.h"

namespace winnow::selectors {

double FStatistic(const InputColumn& column, const TargetSample& target);

double MutualInformation(const InputColumn& column, const TargetSample& target, int64_t bins);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_UNIVARIATE_STATISTICS_H_
