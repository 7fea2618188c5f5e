#include "kernels/data/row_set.h"

#include <algorithm>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RowSetTest, NoRows) {
  for (const RowSet& rows : {RowSet(), RowSet::Of({}), RowSet(std::vector<uint64_t>(20))}) {
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(rows.size(), 0u);
    EXPECT_THAT(rows, IsEmpty());
    EXPECT_EQ(rows.From(0), rows.end());
  }
}

TEST(RowSetTest, ReadsBitsAcrossWords) {
  const RowSet rows(std::vector<uint64_t>{1, 0, uint64_t{1} << 63 | 2});
  EXPECT_THAT(rows, ElementsAre(0, 129, 191));
  EXPECT_EQ(rows.front(), 0u);
  EXPECT_EQ(rows, RowSet::Of(std::vector<uint32_t>{0, 129, 191}));
  EXPECT_FALSE(rows == RowSet::Of(std::vector<uint32_t>{0, 129, 190}));
  EXPECT_FALSE(rows == RowSet::Of(std::vector<uint32_t>{0, 129}));
}

// Dense, thin and clustered sets against a plain list.
TEST(RowSetTest, EveryPlaceReadsAsOfAList) {
  const RngStream random(1, "test");
  for (const uint64_t one_of : {1, 2, 37, 1000}) {
    std::vector<uint32_t> list;
    for (uint32_t row = 70; row < 20000; ++row) {
      const bool in_gap = row > 5000 && row < 9000;
      if (!in_gap && random.Below(row, one_of) == 0) list.push_back(row);
    }
    const RowSet rows = RowSet::Of(list);
    ASSERT_EQ(rows.size(), list.size());
    EXPECT_TRUE(std::equal(rows.begin(), rows.end(), list.begin(), list.end()));
    EXPECT_EQ(rows.ToVector(), list);
    for (size_t i = 0; i < list.size(); ++i) {
      ASSERT_EQ(rows[i], list[i]) << i;
      ASSERT_EQ(*rows.From(i), list[i]) << i;
    }
    std::vector<uint32_t> part(list.size() / 3);
    for (const size_t begin : {size_t{0}, list.size() / 2, list.size() - part.size()}) {
      rows.Copy(begin, part);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), list.begin() + static_cast<long>(begin)));
    }
  }
}

}  // namespace
}  // namespace winnow::data
