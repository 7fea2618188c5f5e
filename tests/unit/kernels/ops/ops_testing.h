// Random matrices and the error bounds that the tests of operations share.
#ifndef WINNOW_TESTS_UNIT_KERNELS_OPS_OPS_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_OPS_OPS_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/rng.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {

// A row-major matrix with a padded row stride, with values of N(0, 1); the padding is filled with
// large numbers so that an operation that uses it is noticed.
struct Matrix {
  Matrix(int64_t rows_in, int64_t columns_in, const std::string& name)
      : rows(rows_in),
        columns(columns_in),
        ld(RoundUpToLanes(columns_in)),
        values(static_cast<size_t>(rows_in * RoundUpToLanes(columns_in) + kLanes), 1e6f) {
    const RngStream random(5, name);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t j = 0; j < columns; ++j) {
        at(i, j) = static_cast<float>(random.Normal(static_cast<uint64_t>(i * columns + j)));
      }
    }
  }
  float& at(int64_t i, int64_t j) { return values[static_cast<size_t>(i * ld + j)]; }
  float* data() { return values.data(); }

  int64_t rows, columns, ld;
  std::vector<float> values;
};

inline std::vector<float> RandomVector(int64_t n, const std::string& name) {
  const RngStream random(5, name);
  std::vector<float> values(static_cast<size_t>(n));
  for (int64_t i = 0; i < n; ++i) {
    values[static_cast<size_t>(i)] = static_cast<float>(random.Normal(static_cast<uint64_t>(i)));
  }
  return values;
}

// A sum of n rounded products in single precision, in any order, is off by at most
// n u / (1 - n u) times the sum of the magnitudes, u = 2^-24 (Higham 2002, eq. 3.5).
inline double SumErrorBound(int64_t n, double sum_of_magnitudes) {
  const double nu = static_cast<double>(n) * 0x1.0p-24;
  return nu / (1 - nu) * sum_of_magnitudes;
}

}  // namespace winnow::ops

#endif  // WINNOW_TESTS_UNIT_KERNELS_OPS_OPS_TESTING_H_
