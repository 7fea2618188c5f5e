#include "kernels/data/packed_table.h"

#include <zlib.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/kernels/data/table_testing.h"

namespace winnow::data {
namespace {

using ::testing::HasSubstr;
using ::winnow::test::StatusIs;
using ::winnow::test::TempDir;

TestTable Example() {
  TestTable table;
  table.columns = {NumericColumn("a"), CategoricalColumn("c", 4), NumericColumn("b")};
  table.numeric = {{1, 2}, {3, kMissing}, {5, 6}};
  table.codes = {{3}, {0}, {1}};
  table.target = {0, 1, 1};
  table.weight = {1, 0.5, 2};
  table.group = {7, 8, 7};
  table.split = {0, 1, 1};
  table.split_values = {"train", "test"};
  table.time = {0.5, 1e10, -1};
  return table;
}

TEST(PackedTableTest, ReadsEveryFieldOfEveryRow) {
  TempDir dir;
  Example().Write(dir.File("t"));
  ASSERT_OK_AND_ASSIGN(const PackedTable table, PackedTable::Open(dir.File("t")));
  EXPECT_EQ(table.rows(), 3);
  EXPECT_EQ(table.stride(), 4 * (2 + 1 + 1 + 1 + 1 + 1) + 8);
  EXPECT_EQ(table.numeric(2)[1], 6);
  EXPECT_TRUE(std::isnan(table.numeric(1)[1]));
  EXPECT_EQ(table.codes(0)[0], 3);
  EXPECT_EQ(table.target(1), 1);
  EXPECT_EQ(table.weight(2), 2);
  EXPECT_EQ(table.group(1), 8);
  EXPECT_EQ(table.split(2), 1);
  EXPECT_EQ(table.time(1), 1e10);
  EXPECT_OK(table.VerifyContent(Example().Profile()));
}

TEST(PackedTableTest, MovesAndReadsATableWithoutRows) {
  TempDir dir;
  TestTable empty;
  empty.columns = {NumericColumn("a")};
  empty.Write(dir.File("t"));
  ASSERT_OK_AND_ASSIGN(PackedTable first, PackedTable::Open(dir.File("t")));
  PackedTable second = std::move(first);
  EXPECT_EQ(second.rows(), 0);
  EXPECT_EQ(second.shape().num_numeric, 1);
}

TEST(PackedTableTest, NamesTheMissingFile) {
  EXPECT_THAT(PackedTable::Open("/nowhere/table.bin"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/nowhere/table.bin")));
  EXPECT_THAT(PackedTable::Open("/tmp"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(PackedTableTest, RefusesEveryOtherLength) {
  TempDir dir;
  const std::string bytes = Example().Bytes();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{4095}, size_t{4096}, bytes.size() - 1}) {
    TestTable::WriteBytes(dir.File("t"), bytes.substr(0, size));
    EXPECT_THAT(PackedTable::Open(dir.File("t")), StatusIs(absl::StatusCode::kDataLoss)) << size;
  }
  TestTable::WriteBytes(dir.File("t"), bytes + "x");
  EXPECT_THAT(PackedTable::Open(dir.File("t")),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("3 rows need")));
}

TEST(PackedTableTest, RefusesEveryFlippedBitOfTheHeader) {
  const std::string header = EncodePackedHeader(Example().Shape());
  ASSERT_OK(DecodePackedHeader(header.data(), static_cast<int64_t>(header.size())));
  for (size_t byte = 0; byte < 44; ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = header;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << bit));
      EXPECT_THAT(DecodePackedHeader(bad.data(), static_cast<int64_t>(bad.size())),
                  StatusIs(absl::StatusCode::kDataLoss))
          << "byte " << byte << " bit " << bit;
    }
  }
}

// A header that a faulty or hostile writer checksummed correctly.
std::string Forge(size_t offset, uint32_t value) {
  std::string header = EncodePackedHeader(Example().Shape());
  std::memcpy(header.data() + offset, &value, sizeof(value));
  const auto crc =
      static_cast<uint32_t>(::crc32(0, reinterpret_cast<const Bytef*>(header.data()), 40));
  std::memcpy(header.data() + 40, &crc, sizeof(crc));
  return header;
}

TEST(PackedTableTest, RefusesImpossibleHeadersWithAGoodChecksum) {
  const struct {
    size_t offset;
    uint32_t value;
    const char* message;
  } cases[] = {{8, 2, "format version 2"},    {12, 8192, "a header of 8192 bytes"},
               {20, 1, "more than 2^32 - 1"}, {24, 40, "records of 40 bytes"},
               {28, 0x7fffffff, "numeric"},   {32, 0x80000000, "categorical columns"},
               {36, 16, "unknown flags"}};
  for (const auto& c : cases) {
    const std::string header = Forge(c.offset, c.value);
    EXPECT_THAT(DecodePackedHeader(header.data(), static_cast<int64_t>(header.size())),
                StatusIs(absl::StatusCode::kDataLoss, HasSubstr(c.message)));
  }
}

TEST(PackedTableTest, RefusesAProfileOfAnotherTable) {
  TempDir dir;
  Example().Write(dir.File("t"));
  ASSERT_OK_AND_ASSIGN(const PackedTable table, PackedTable::Open(dir.File("t")));
  DatasetProfile profile = Example().Profile();
  EXPECT_OK(table.CheckProfile(profile));
  profile.rows = 4;
  EXPECT_THAT(table.CheckProfile(profile),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("3 rows, the profile says 4")));
  profile = Example().Profile();
  profile.columns.pop_back();
  EXPECT_THAT(table.CheckProfile(profile), StatusIs(absl::StatusCode::kDataLoss));
  profile = Example().Profile();
  profile.time_column.clear();
  EXPECT_THAT(table.CheckProfile(profile), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(PackedTableTest, FindsContentThatTheProfileRulesOut) {
  TempDir dir;
  const auto verify = [&dir](const TestTable& table) {
    table.Write(dir.File("t"));
    const auto opened = PackedTable::Open(dir.File("t"));
    return opened.ok() ? opened->VerifyContent(Example().Profile()) : opened.status();
  };
  TestTable bad = Example();
  bad.codes[1][0] = 4;
  EXPECT_THAT(verify(bad), StatusIs(absl::StatusCode::kDataLoss,
                                    HasSubstr("row 1, column 'c': code 4 of a vocabulary of 4")));
  bad = Example();
  bad.target[2] = 0.5;
  EXPECT_THAT(verify(bad), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 2, column 'y'")));
  bad = Example();
  bad.numeric[0][0] = kMissing;  // column a has no missing values
  EXPECT_THAT(verify(bad), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("row 0, column 'a'")));
  bad = Example();
  bad.weight[0] = -1;
  EXPECT_THAT(verify(bad), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("weight")));
  bad = Example();
  bad.split[0] = 2;
  EXPECT_THAT(verify(bad), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("split value 2")));
}

}  // namespace
}  // namespace winnow::data
