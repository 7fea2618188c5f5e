#include "kernels/data/dictionary.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace winnow::data {
namespace {

using ::testing::HasSubstr;
using ::winnow::test::StatusIs;

std::string Example() {
  Dictionary first;
  first.column = 1;
  first.bytes = "redblue";
  first.ends = {3, 3, 7};  // "red", "", "blue"
  Dictionary empty;
  empty.column = 4;
  return EncodeDictionaries({first, empty});
}

TEST(DictionaryTest, ComesBackAsItWas) {
  ASSERT_OK_AND_ASSIGN(const std::vector<Dictionary> read, DecodeDictionaries(Example(), "d"));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].column, 1);
  EXPECT_EQ(read[0].size(), 3);
  EXPECT_EQ(read[0].value(1), "red");
  EXPECT_EQ(read[0].value(2), "");
  EXPECT_EQ(read[0].value(3), "blue");
  EXPECT_EQ(read[1].column, 4);
  EXPECT_EQ(read[1].size(), 0);
}

TEST(DictionaryTest, RefusesEveryCutAndEveryFlippedBit) {
  const std::string bytes = Example();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeDictionaries(bytes.substr(0, size), "d"),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
  for (size_t i = 0; i < bytes.size() * 8; ++i) {
    std::string bad = bytes;
    bad[i / 8] = static_cast<char>(bad[i / 8] ^ (1 << (i % 8)));
    EXPECT_THAT(DecodeDictionaries(bad, "d"), StatusIs(absl::StatusCode::kDataLoss)) << i;
  }
}

TEST(DictionaryTest, NamesTheMissingFile) {
  EXPECT_THAT(ReadDictionaries("/nowhere/d"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/d")));
}

TEST(HashedCodeTest, IsStableAndNeverZero) {
  // Computed apart from this program; fixed for good, because exported models rely on them.
  EXPECT_EQ(HashedCode("", 1000), 343);
  EXPECT_EQ(HashedCode("68fd1e64", 100000), 71676);
  EXPECT_EQ(HashedCode("Zürich", 2147483646), 1006937687);
  std::vector<int> counts(17);
  for (int i = 0; i < 16000; ++i) {
    const int32_t code = HashedCode("value " + std::to_string(i), 16);
    ASSERT_GE(code, 1);
    ASSERT_LE(code, 16);
    ++counts[code];
  }
  // Binomial(16000, 1/16): mean 1000, standard deviation 30.6; five of them.
  for (int code = 1; code <= 16; ++code) EXPECT_NEAR(counts[code], 1000, 5 * 30.6);
}

}  // namespace
}  // namespace winnow::data
