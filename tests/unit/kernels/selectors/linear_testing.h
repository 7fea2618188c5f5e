// Least-squares problems with known effects, and pursuits that know nothing of the selectors.
//
// Columns x_i, target y, S selected, z_i = (I - P_S) x_i, r = (I - P_S) y, c_i = |x_i^T r|.
#ifndef WINNOW_TESTS_UNIT_KERNELS_SELECTORS_LINEAR_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_SELECTORS_LINEAR_TESTING_H_

#include <cstdint>
#include <vector>

namespace winnow::selectors {

using Column = std::vector<double>;

inline constexpr int32_t kRows = 200, kColumns = 40, kPicks = 8, kSeeds = 20;
// Of the two largest c_i, relative; closer problems are skipped.
inline constexpr double kLeastGap = 1e-3;

double Dot(const Column& a, const Column& b);
void SubtractProjection(const Column& direction, Column& from);

struct LinearProblem {
  std::vector<Column> x;
  Column y;
};

// Gaussian columns, or columns with correlation .6^|i-j| and log-normal scales.
LinearProblem MakeProblem(bool correlated, uint64_t seed);

// The state of a pursuit: what is left of every column and of the target beside S.
class Residual {
 public:
  explicit Residual(const LinearProblem& problem) : x_(problem.x), z_(problem.x), r_(problem.y) {}

  void Select(int32_t i);

  // |x_i^T r|, 0 for what is selected; with `orthogonal` divided by ||z_i||.
  std::vector<double> Correlations(bool orthogonal) const;

  const std::vector<Column>& z() const { return z_; }
  const Column& r() const { return r_; }

 private:
  std::vector<Column> x_, z_;
  Column r_;
  std::vector<int32_t> selected_;
};

struct Pursuit {
  std::vector<int32_t> order;
  double least_gap = 1;
};

// Orthogonal matching pursuit, or orthogonal least squares.
Pursuit Pursue(const LinearProblem& problem, bool orthogonal);

}  // namespace winnow::selectors

#endif  // WINNOW_TESTS_UNIT_KERNELS_SELECTORS_LINEAR_TESTING_H_
