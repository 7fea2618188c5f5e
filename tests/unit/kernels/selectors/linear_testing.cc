#include "tests/unit/kernels/selectors/linear_testing.h"

#include <algorithm>
#include <cmath>

#include "kernels/base/rng.h"

namespace winnow::selectors {

double Dot(const Column& a, const Column& b) {
  double sum = 0;
  for (size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
  return sum;
}

void SubtractProjection(const Column& direction, Column& from) {
  const double scale = Dot(direction, from) / Dot(direction, direction);
  for (size_t n = 0; n < from.size(); ++n) from[n] -= scale * direction[n];
}

LinearProblem MakeProblem(bool correlated, uint64_t seed) {
  const RngStream stream(seed, correlated ? "test/ar" : "test/gaussian");
  LinearProblem problem;
  problem.x.assign(kColumns, Column(kRows));
  problem.y.assign(kRows, 0.0);
  uint64_t draw = 0;
  for (int32_t n = 0; n < kRows; ++n) {
    double before = 0;
    for (int32_t i = 0; i < kColumns; ++i) {
      const double fresh = stream.Normal(draw++);
      before = correlated && i > 0 ? 0.6 * before + 0.8 * fresh : fresh;
      problem.x[i][n] = before;
    }
  }
  for (int32_t i = 0; i < kColumns; ++i) {
    const double scale = correlated ? std::exp(0.5 * stream.Normal(draw++)) : 1.0;
    const double effect = i % 5 == 2 ? 1.0 + 0.3 * stream.Normal(draw++) : 0.0;
    for (int32_t n = 0; n < kRows; ++n) {
      problem.x[i][n] *= scale;
      problem.y[n] += effect * problem.x[i][n] / scale;
    }
  }
  for (double& y : problem.y) y += 0.5 * stream.Normal(draw++);
  return problem;
}

void Residual::Select(int32_t i) {
  const Column direction = z_[i];
  for (Column& z : z_) SubtractProjection(direction, z);
  SubtractProjection(direction, r_);
  selected_.push_back(i);
}

std::vector<double> Residual::Correlations(bool orthogonal) const {
  std::vector<double> c(x_.size());
  for (size_t i = 0; i < x_.size(); ++i) {
    if (std::count(selected_.begin(), selected_.end(), static_cast<int32_t>(i)) != 0) continue;
    c[i] = std::abs(Dot(x_[i], r_));
    if (orthogonal) c[i] /= std::sqrt(Dot(z_[i], z_[i]));
  }
  return c;
}

Pursuit Pursue(const LinearProblem& problem, bool orthogonal) {
  Residual residual(problem);
  Pursuit pursuit;
  for (int32_t k = 0; k < kPicks; ++k) {
    const std::vector<double> c = residual.Correlations(orthogonal);
    const auto best = std::max_element(c.begin(), c.end());
    for (const double& other : c) {
      if (&other != &*best) pursuit.least_gap = std::min(pursuit.least_gap, 1 - other / *best);
    }
    pursuit.order.push_back(static_cast<int32_t>(best - c.begin()));
    residual.Select(pursuit.order.back());
  }
  return pursuit;
}

}  // namespace winnow::selectors
