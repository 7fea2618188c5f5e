#include "kernels/data/import/leak_check.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::data {
namespace {

TEST(ScoreAucTest, CountsPairsInTheRightOrder) {
  EXPECT_DOUBLE_EQ(ScoreAuc({1, 2, 3, 4}, {0, 0, 1, 1}), 1);
  EXPECT_DOUBLE_EQ(ScoreAuc({4, 3, 2, 1}, {0, 0, 1, 1}), 0);
  EXPECT_DOUBLE_EQ(ScoreAuc({1, 1, 1, 1}, {0, 1, 0, 1}), 0.5);
  EXPECT_DOUBLE_EQ(ScoreAuc({1, 2, 2, 3}, {0, 0, 1, 1}), 7.0 / 8);
}

TEST(ScoreAucTest, AgreesWithTheDefinition) {
  RngStream random(2, "test/scores");
  std::vector<double> scores;
  std::vector<int> labels;
  for (uint64_t i = 0; i < 200; ++i) {
    scores.push_back(static_cast<double>(random.Below(i, 30)));
    labels.push_back(random.Below(i + 1000, 3) == 0);
  }
  double pairs = 0, won = 0;
  for (size_t i = 0; i < scores.size(); ++i) {
    for (size_t j = 0; j < scores.size(); ++j) {
      if (labels[i] != 1 || labels[j] != 0) continue;
      pairs += 1;
      won += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
    }
  }
  EXPECT_DOUBLE_EQ(ScoreAuc(scores, labels), won / pairs);
}

// Records of (numeric, code, target).
std::string Records(const std::vector<std::tuple<float, int32_t, float>>& rows) {
  std::string bytes;
  for (const auto& [x, code, y] : rows) {
    bytes.append(reinterpret_cast<const char*>(&x), 4);
    bytes.append(reinterpret_cast<const char*>(&code), 4);
    bytes.append(reinterpret_cast<const char*>(&y), 4);
  }
  return bytes;
}

TEST(FindLeaksTest, ManyRareValuesAreNoLeak) {
  // Every value occurs once: a share per value fits its own rows perfectly and says nothing.
  RngStream random(3, "test/rows");
  std::vector<std::tuple<float, int32_t, float>> rows;
  for (uint64_t i = 0; i < 1000; ++i) {
    const auto label = static_cast<float>(random.Below(i, 2));
    rows.push_back({static_cast<float>(random.Normal(i)), static_cast<int32_t>(i + 1), label});
  }
  PackedShape shape;
  shape.num_numeric = shape.num_categorical = 1;
  DatasetProfile profile;
  profile.columns.resize(2);
  profile.columns[1].kind = ColumnKind::kCategorical;
  profile.columns[1].vocabulary = 1001;
  EXPECT_THAT(FindLeaks(Records(rows), shape, profile), ::testing::IsEmpty());
  // A code that is the label, and a number that is its opposite.
  for (auto& [x, code, y] : rows) {
    code = y == 1 ? 7 : 9;
    x = 5 - y;
  }
  EXPECT_THAT(FindLeaks(Records(rows), shape, profile), ::testing::SizeIs(2));
  profile.target.kind = TargetKind::kMulticlass;
  EXPECT_THAT(FindLeaks(Records(rows), shape, profile), ::testing::IsEmpty());
}

}  // namespace
}  // namespace winnow::data
