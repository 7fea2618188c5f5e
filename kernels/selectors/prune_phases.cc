#include "kernels/selectors/prune_phases.h"

#include <cmath>

namespace winnow::selectors {

std::vector<PrunePhase> MakePhases(const std::vector<PruneShare>& shares, int64_t total_steps) {
  std::vector<PrunePhase> phases;
  double reached = 0.0;
  int64_t begin = 0;
  for (size_t i = 0; i < shares.size(); ++i) {
    reached += shares[i].share;
    const bool last = i + 1 == shares.size();
    const int64_t end =
        last ? total_steps
             : static_cast<int64_t>(reached * static_cast<double>(total_steps) + 1e-9);
    if (end > begin) phases.push_back({shares[i].name, shares[i].kind, begin, end});
    begin = end;
  }
  return phases;
}

double CubicCurve(double t) { return 1.0 - (1.0 - t) * (1.0 - t) * (1.0 - t); }

double ExponentialCurve(double t, double c) { return std::expm1(-c * t) / std::expm1(-c); }

}  // namespace winnow::selectors
