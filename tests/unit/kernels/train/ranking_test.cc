#include "kernels/train/ranking.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::train {
namespace {

double PairwiseAuc(const std::vector<float>& score, const std::vector<float>& label,
                   const std::vector<double>& weight) {
  double won = 0, pairs = 0;
  for (size_t i = 0; i < score.size(); ++i) {
    for (size_t j = 0; j < score.size(); ++j) {
      if (label[i] < 0.5f || label[j] > 0.5f) continue;
      const double pair = weight[i] * weight[j];
      pairs += pair;
      won += score[i] > score[j] ? pair : score[i] == score[j] ? pair / 2 : 0;
    }
  }
  return won / pairs;
}

TEST(AucTest, HandComputedExampleWithATie) {
  // Positives .8, .4; negatives .4, .1: pairs won 1 + 1 + 1/2 + 1 of 4.
  const std::vector<float> score = {0.8f, 0.4f, 0.4f, 0.1f};
  const std::vector<float> label = {1, 1, 0, 0};
  const std::vector<double> weight(4, 1.0);
  EXPECT_DOUBLE_EQ(*Auc(OrderByScore(score), score, label, weight), 3.5 / 4);
}

TEST(AucTest, EqualsTheDefinitionOverAllPairsWithTiesAndWeights) {
  const RngStream draw(3, "test");
  for (int n : {2, 7, 64, 300}) {
    std::vector<float> score, label;
    std::vector<double> weight;
    for (int i = 0; i < n; ++i) {
      score.push_back(static_cast<float>(draw.Below(4 * i, 12)));  // many ties
      label.push_back(i < 2 ? static_cast<float>(i) : static_cast<float>(draw.Below(4 * i + 1, 2)));
      weight.push_back(static_cast<double>(draw.Below(4 * i + 2, 4)) + (i < 2 ? 1 : 0));
    }
    EXPECT_NEAR(*Auc(OrderByScore(score), score, label, weight), PairwiseAuc(score, label, weight),
                1e-12)
        << n << " rows";
  }
}

TEST(AucTest, IsUndefinedWithoutBothClasses) {
  const std::vector<float> score = {1, 2};
  const std::vector<double> ones = {1, 1}, one_class_left = {1, 0};
  EXPECT_FALSE(Auc(OrderByScore(score), score, std::vector<float>{1, 1}, ones));
  EXPECT_FALSE(Auc(OrderByScore(score), score, std::vector<float>{1, 0}, one_class_left));
  EXPECT_FALSE(Auc({}, {}, {}, {}));
}

TEST(GroupedAucTest, WeighsGroupsBySizeAndSkipsGroupsOfOneClass) {
  // Group 7: AUC 1 of three rows; group 2: AUC 0 of two rows; group 9: positives only.
  const std::vector<int32_t> group = {7, 2, 7, 9, 2, 7};
  const std::vector<float> score = {0.1f, 0.9f, 0.5f, 0.3f, 0.2f, 0.2f};
  const std::vector<float> label = {0, 0, 1, 1, 1, 0};
  const std::vector<double> weight(6, 1.0);
  EXPECT_DOUBLE_EQ(*GroupedAuc(OrderByGroupAndScore(group, score), group, score, label, weight),
                   (3 * 1.0 + 2 * 0.0) / 5);
}

TEST(GroupedAucTest, IsUndefinedWhenNoGroupHasBothClasses) {
  const std::vector<int32_t> group = {1, 2};
  const std::vector<float> score = {0, 1}, label = {0, 1};
  const std::vector<double> weight(2, 1.0);
  EXPECT_FALSE(GroupedAuc(OrderByGroupAndScore(group, score), group, score, label, weight));
}

}  // namespace
}  // namespace winnow::train
