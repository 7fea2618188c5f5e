#include "kernels/data/import/value_dictionary.h"

#include <string>

#include "arrow/util/utf8.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::winnow::test::IsOkAndHolds;
using ::winnow::test::StatusIs;

class ValueDictionaryTest : public ::testing::Test {
 protected:
  ValueDictionaryTest() { arrow::util::InitializeUTF8(); }
  DictionaryBudget budget_{64 << 20, 0};
};

TEST_F(ValueDictionaryTest, CountsInTheOrderOfArrival) {
  ValueDictionary values(&budget_);
  EXPECT_THAT(values.Count("b"), IsOkAndHolds(0));
  EXPECT_THAT(values.Count(""), IsOkAndHolds(1));
  EXPECT_THAT(values.Count("b"), IsOkAndHolds(0));
  EXPECT_THAT(values.Count("a"), IsOkAndHolds(2));
  EXPECT_EQ(values.size(), 3);
  EXPECT_EQ(values.count(0), 2);
  EXPECT_EQ(values.value(1), "");
  EXPECT_THAT(values.Sorted(1), ElementsAre(0, 1, 2));  // b twice, then "" before a
  EXPECT_THAT(values.Sorted(2), ElementsAre(0));
}

TEST_F(ValueDictionaryTest, ManyAtOnceAreTheSameAsOneByOne) {
  RngStream random(4, "test/values");
  ValueDictionary one(&budget_), many(&budget_);
  std::vector<std::string> texts(ValueDictionary::kLanes);
  std::vector<std::string_view> views(texts.size());
  std::vector<int32_t> ids(texts.size());
  for (uint64_t round = 0; round < 2000; ++round) {
    for (size_t i = 0; i < texts.size(); ++i) {
      const uint64_t at = round * texts.size() + i;
      // Of very different lengths, so that some do not fit the current chunk.
      texts[i] =
          std::to_string(random.Below(at, 20000)) + std::string(random.Below(at, 97) * 20, 'x');
      views[i] = texts[i];
    }
    size_t bad = 0;
    ASSERT_OK(many.CountAll(views, ids.data(), &bad));
    for (size_t i = 0; i < texts.size(); ++i) {
      ASSERT_OK_AND_ASSIGN(const int32_t id, one.Count(texts[i]));
      EXPECT_EQ(ids[i], id);
    }
  }
  ASSERT_EQ(many.size(), one.size());
  for (int32_t id = 0; id < many.size(); ++id) {
    EXPECT_EQ(many.value(id), one.value(id));
    EXPECT_EQ(many.count(id), one.count(id));
  }
}

TEST_F(ValueDictionaryTest, NamesThePositionOfABadValue) {
  ValueDictionary values(&budget_);
  const std::string_view texts[] = {"fine", "\xff", "fine"};
  int32_t ids[3];
  size_t bad = 0;
  EXPECT_THAT(values.CountAll(texts, ids, &bad),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("not valid UTF-8")));
  EXPECT_EQ(bad, 1u);
}

TEST_F(ValueDictionaryTest, TheBudgetIsShared) {
  budget_.limit_bytes = 1000;
  ValueDictionary first(&budget_), second(&budget_);
  for (int i = 0; i < 7; ++i) ASSERT_OK(first.Count("value " + std::to_string(i)));
  absl::Status status;
  for (int i = 0; i < 100 && status.ok(); ++i) status = second.Count(std::to_string(i)).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("distinct values")));
  EXPECT_LE(budget_.used_bytes, 1000);
  EXPECT_OK(first.Count("value 3"));  // known values cost nothing
}

}  // namespace
}  // namespace winnow::data
