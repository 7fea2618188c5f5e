#include "kernels/train/subset.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/model_shape.h"

namespace winnow::train {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Columns: 0 numeric with indicator, 1 categorical of 5 codes, 2 numeric, 3 categorical of 3 codes.
plan::ModelShape FullShape() {
  plan::ModelShape shape;
  shape.fields = {{0, false, 0, 2, 0}, {1, true, 0, 4, 5}, {2, false, 0, 1, 0}, {3, true, 0, 4, 3}};
  shape.embedding_dimension = 4;
  shape.hidden_units = {8};
  plan::LayOut(shape);
  return shape;
}

CandidateSet Features() {
  CandidateSet set;
  for (int32_t column = 0; column < 4; ++column) {
    Candidate candidate;
    candidate.name = std::string("c") + std::to_string(column);
    candidate.columns = {column};
    set.items.push_back(candidate);
  }
  return set;
}

// Four prefix chunks of one dimension for each of the fields 1 and 3.
CandidateSet Chunks() {
  CandidateSet set;
  set.gate = GateKind::kChunk;
  for (const int32_t column : {1, 3}) {
    for (int32_t begin = 0; begin < 4; ++begin) {
      Candidate candidate;
      candidate.columns = {column};
      candidate.begin = begin;
      candidate.end = begin + 1;
      candidate.cost.bytes = (column == 1 ? 5 : 3) * 4;
      candidate.prerequisite = begin == 0 ? -1 : static_cast<int32_t>(set.items.size()) - 1;
      set.items.push_back(candidate);
    }
  }
  return set;
}

TEST(SubsetShapeTest, RelayoutCountsRowsAndParameters) {
  const plan::ModelShape shape = FullShape();
  EXPECT_EQ(shape.input_width, 11);
  EXPECT_EQ(shape.dense_width, 3);
  EXPECT_EQ(shape.fields[3].first_row, 7);
  EXPECT_EQ(shape.parameters, 5 * 4 + 3 * 4 + (11 + 1) * 8 + (8 + 1) * 1);
}

TEST(SubsetShapeTest, FeaturesKeepTheirColumnsAndCloseUp) {
  const plan::ModelShape shape = SubsetShape(FullShape(), Features(), std::vector<int32_t>{3, 0});
  ASSERT_THAT(shape.fields, SizeIs(2));
  EXPECT_EQ(shape.fields[0].column, 0);
  EXPECT_EQ(shape.fields[1].column, 3);
  EXPECT_EQ(shape.fields[1].first_row, 2);
  EXPECT_EQ(shape.input_width, 6);
  EXPECT_EQ(shape.dense_width, 2);
}

TEST(SubsetShapeTest, GroupsBringAllTheirColumns) {
  CandidateSet set = Features();
  set.items[0].columns = {0, 1, 2};
  EXPECT_THAT(SubsetShape(FullShape(), set, std::vector<int32_t>{0}).fields, SizeIs(3));
}

TEST(SubsetShapeTest, ChunksNarrowTheirFieldsAndEmptyFieldsLeave) {
  const plan::ModelShape shape = SubsetShape(FullShape(), Chunks(), std::vector<int32_t>{0, 1, 2});
  ASSERT_THAT(shape.fields, SizeIs(3));  // the numeric ones have no candidates and stay
  EXPECT_EQ(shape.fields[1].rows, 3);
  EXPECT_EQ(shape.input_width, 6);
  EXPECT_THAT(KeptDimensions(Chunks(), std::vector<int32_t>{0, 1, 2}),
              ElementsAre(std::pair(1, 3), std::pair(3, 0)));
}

TEST(WidestUniformTest, TakesTheWidestThatFits) {
  // A width of w costs 32 w bytes.
  const UniformWidth two = WidestUniform(Chunks(), Budget{.max_bytes = 95});
  EXPECT_TRUE(two.fits);
  EXPECT_EQ(two.width, 2);
  EXPECT_EQ(two.bytes, 64);
  EXPECT_THAT(two.selected, ElementsAre(0, 1, 4, 5));
  EXPECT_EQ(WidestUniform(Chunks(), Budget{.max_bytes = 1000}).width, 4);
}

TEST(WidestUniformTest, SaysWhenEvenTheNarrowestDoesNotFit) {
  const UniformWidth one = WidestUniform(Chunks(), Budget{.max_bytes = 31});
  EXPECT_FALSE(one.fits);
  EXPECT_EQ(one.width, 1);
  EXPECT_EQ(one.bytes, 32);
  EXPECT_THAT(one.selected, ElementsAre(0, 4));
}

TEST(RandomSubsetTest, KeepsTheBudgetAndMustKeep) {
  CandidateSet set = Features();
  set.must_keep = {2};
  std::map<int32_t, int> seen;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    const auto subset =
        RandomSubset(set, Budget{.max_count = 2}, RngStream(seed, "control/random/0"));
    ASSERT_THAT(subset, SizeIs(2));
    EXPECT_TRUE(std::is_sorted(subset.begin(), subset.end()));
    EXPECT_TRUE(std::count(subset.begin(), subset.end(), 2));
    for (const int32_t index : subset) ++seen[index];
  }
  // The other place is uniform over three: 100 of 300 each, six standard deviations are 49.
  for (const int32_t index : {0, 1, 3}) EXPECT_NEAR(seen[index], 100, 49);
}

TEST(RandomSubsetTest, ChunksArePrefixesAndSpendTheBytes) {
  const CandidateSet set = Chunks();
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const auto subset =
        RandomSubset(set, Budget{.max_bytes = 70}, RngStream(seed, "control/random/0"));
    std::vector<bool> in(8, false);
    int64_t bytes = 0;
    for (const int32_t index : subset) {
      in[index] = true;
      bytes += set.items[index].cost.bytes;
    }
    EXPECT_LE(bytes, 70);
    for (int32_t i = 0; i < 8; ++i) {
      const int32_t before = set.items[i].prerequisite;
      if (in[i] && before >= 0) {
        EXPECT_TRUE(in[before]);
      }
      // Nothing that is eligible still fits.
      if (!in[i] && (before < 0 || in[before])) {
        EXPECT_GT(bytes + set.items[i].cost.bytes, 70);
      }
    }
  }
}

TEST(MaskOfTest, IsOneWhereSelected) {
  EXPECT_THAT(MaskOf(3, std::vector<int32_t>{1}), ElementsAre(0, 1, 0));
  EXPECT_THAT(MaskOf(0, {}), IsEmpty());
}

}  // namespace
}  // namespace winnow::train
