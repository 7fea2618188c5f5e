// The plan of a pruning run as a list of phases, and how sparsity grows inside one.
#ifndef WINNOW_KERNELS_SELECTORS_PRUNE_PHASES_H_
#define WINNOW_KERNELS_SELECTORS_PRUNE_PHASES_H_

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::selectors {

enum class PruneKind {
  kDense,     // all candidates alive
  kSparsify,  // candidates die by a curve; the dead stay dead until the next dense phase
  kSparse,    // what is alive stays alive
};

// Steps [begin, end).
struct PrunePhase {
  std::string name;
  PruneKind kind = PruneKind::kDense;
  int64_t begin = 0, end = 0;
};

// Consecutive phases over `total_steps` from their shares; borders are rounded down, phases without
// a step are left out. REQUIRES: the shares sum to 1 within 1e-9.
struct PruneShare {
  std::string name;
  PruneKind kind = PruneKind::kDense;
  double share = 0;
};
std::vector<PrunePhase> MakePhases(const std::vector<PruneShare>& shares, int64_t total_steps);

// Share of the target sparsity reached at t in [0, 1]; 0 at 0 and 1 at 1, rising.
// Cubic: 1 - (1 - t)^3 (Zhu & Gupta 2017, arXiv:1710.01878, equation 1).
double CubicCurve(double t);
// (1 - exp(-c t)) / (1 - exp(-c)) (arXiv:2402.17902, section 3.1, c = 4).
double ExponentialCurve(double t, double c);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PRUNE_PHASES_H_
