#include "kernels/selectors/skip_network.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kRows = 600, kHidden = 5;

// Two numeric columns of one candidate, a numeric and a categorical one. Codes 3 and 4 are rare.
std::vector<std::vector<InputColumn>> Inputs() {
  const RngStream stream(1, "test/inputs");
  std::vector<std::vector<InputColumn>> inputs(3);
  inputs[0].reserve(2);
  uint64_t at = 0;
  for (InputColumn* column :
       {&inputs[0].emplace_back(), &inputs[0].emplace_back(), &inputs[1].emplace_back()}) {
    for (int64_t i = 0; i < kRows; ++i) {
      column->values.push_back(static_cast<float>(stream.Normal(at++)));
    }
  }
  InputColumn& codes = inputs[2].emplace_back();
  codes.vocabulary = 5;
  for (int64_t i = 0; i < kRows; ++i) codes.codes.push_back(i < 2 ? 3 + i : i % 3);
  return inputs;
}

TargetSample Target(int32_t classes) {
  const RngStream stream(2, "test/target");
  TargetSample target;
  target.classes = classes;
  for (int64_t i = 0; i < kRows; ++i) {
    target.values.push_back(classes > 0 ? static_cast<float>(i * 7 % classes)
                                        : static_cast<float>(stream.Normal(i)));
  }
  return target;
}

SkipNetwork Make(int32_t classes) {
  SkipNetwork network(Inputs(), Target(classes), kHidden, RngStream(3, "test/init"));
  const RngStream stream(4, "test/weights");
  uint64_t at = 0;
  for (float& w : network.parameters()) w += static_cast<float>(0.3 * stream.Normal(at++));
  return network;
}

std::vector<uint32_t> AllRows() {
  std::vector<uint32_t> rows(kRows);
  std::iota(rows.begin(), rows.end(), 0u);
  return rows;
}

// The formulas of the header once more, in double, with one-hot columns: 3 numbers, codes 0, 1, 2
// and the rare ones together.
double ReferenceLoss(const std::vector<double>& w, int32_t classes) {
  const auto inputs = Inputs();
  const TargetSample target = Target(classes);
  const int64_t outputs = std::max(1, classes), width = (kHidden + outputs + 7) / 8 * 8,
                columns = 7;
  std::vector<double> counts(4);
  const auto code = [&](int64_t i) { return std::min(inputs[2][0].codes[i], 3); };
  for (int64_t i = 0; i < kRows; ++i) ++counts[code(i)];
  double loss = 0;
  for (int64_t i = 0; i < kRows; ++i) {
    std::vector<double> x(columns), z(width);
    x[0] = inputs[0][0].values[i];
    x[1] = inputs[0][1].values[i];
    x[2] = inputs[1][0].values[i];
    x[3 + code(i)] = std::sqrt(kRows / counts[code(i)]);
    for (int64_t j = 0; j < width; ++j) {
      z[j] = w[columns * width + j];
      for (int64_t p = 0; p < columns; ++p) z[j] += x[p] * w[p * width + j];
    }
    for (int64_t o = 0; o < outputs; ++o) {
      for (int64_t j = 0; j < kHidden; ++j) {
        z[kHidden + o] += std::max(0.0, z[j]) * w[(columns + 1) * width + o * kHidden + j];
      }
    }
    const double y = target.values[i];
    if (classes == 0) {
      loss += (z[kHidden] - y) * (z[kHidden] - y) / 2;
      continue;
    }
    double sum = 0;
    for (int64_t o = 0; o < outputs; ++o) sum += std::exp(z[kHidden + o]);
    loss += std::log(sum) - z[kHidden + static_cast<int64_t>(y)];
  }
  return loss / kRows;
}

TEST(SkipNetworkTest, GradientIsThatOfCentralDifferences) {
  for (const int32_t classes : {0, 2, 4}) {
    SkipNetwork network = Make(classes);
    const std::vector<double> w(network.parameters().begin(), network.parameters().end());
    EXPECT_NEAR(network.Gradient(AllRows()), ReferenceLoss(w, classes), 1e-5);
    for (size_t i = 0; i < w.size(); ++i) {
      // Small enough to pass no corner of a rectifier.
      constexpr double kStep = 1e-6;
      std::vector<double> up = w, down = w;
      up[i] += kStep;
      down[i] -= kStep;
      const double expected =
          (ReferenceLoss(up, classes) - ReferenceLoss(down, classes)) / (2 * kStep);
      EXPECT_NEAR(network.gradient()[i], expected, 2e-5) << classes << " classes, weight " << i;
    }
  }
}

TEST(SkipNetworkTest, RareCodesShareAColumn) {
  SkipNetwork network = Make(2);
  EXPECT_EQ(network.skip(0).count, 2);
  EXPECT_EQ(network.skip(1).count, 1);
  EXPECT_EQ(network.skip(2).count, 4);
  EXPECT_EQ(network.skip(2).length, 2);
  EXPECT_EQ(network.hidden(2).length, kHidden);
}

TEST(SkipNetworkTest, LargestCurvatureIsThatOfTheSecondMoments) {
  // x1 = x0: eigenvalues 2 and 0 times the mean square.
  InputColumn column;
  double square = 0;
  const RngStream stream(5, "test/inputs");
  for (int64_t i = 0; i < kRows; ++i) {
    column.values.push_back(static_cast<float>(stream.Normal(i)));
    square += static_cast<double>(column.values.back()) * column.values.back() / kRows;
  }
  const SkipNetwork network({{column}, {column}}, Target(2), kHidden, RngStream(3, "test/init"));
  EXPECT_NEAR(network.LargestCurvature(), 2 * square, 1e-4);
}

TEST(SkipNetworkTest, WhatIsDroppedStaysAsItIs) {
  SkipNetwork network = Make(2);
  for (const WeightPieces& pieces : {network.skip(0), network.hidden(0)}) {
    for (int64_t i = 0; i < pieces.count; ++i) {
      std::fill_n(pieces.data + i * pieces.stride, pieces.length, 0.0f);
    }
  }
  network.Gradient(AllRows());
  network.Drop(0);
  const double before = network.Gradient(AllRows());
  for (int step = 0; step < 30; ++step) {
    network.Gradient(AllRows());
    network.Step(0.05);
  }
  EXPECT_LT(network.Gradient(AllRows()), before);
  EXPECT_EQ(LeavingPenalty(10, network.skip(0), network.hidden(0)), 0);
  EXPECT_GT(LeavingPenalty(10, network.skip(1), network.hidden(1)), 0);
}

}  // namespace
}  // namespace winnow::selectors
