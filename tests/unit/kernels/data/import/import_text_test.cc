#include <cmath>
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::winnow::test::StatusIs;

class ImportTextTest : public ImportTest {};

TEST_F(ImportTextTest, ReadsNumbersTextsAndMissingValues) {
  const InputFile file = Text("a.csv",
                              "age,job,income\n"
                              "39, clerk ,no\n"
                              "?,farmer,yes\n"
                              " 17.5 ,,no\n"
                              "NA,clerk,no\n"
                              "-1e3,?,yes\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}));
  EXPECT_THAT(data.Values("age"), ElementsAre("39", "missing", "17.5", "missing", "-1000"));
  EXPECT_THAT(data.Values("job"), ElementsAre("clerk", "farmer", "missing", "clerk", "missing"));
  EXPECT_THAT(data.Targets(), ElementsAre("no", "yes", "no", "no", "yes"));
  EXPECT_EQ(data.profile.columns[0].missing, 2);
  EXPECT_EQ(data.profile.columns[1].missing, 2);
  EXPECT_EQ(data.profile.columns[1].vocabulary, 3);
  EXPECT_THAT(data.profile.target.classes, ElementsAre("no", "yes"));
  EXPECT_THAT(data.profile.target.class_counts, ElementsAre(3, 2));
  EXPECT_EQ(data.profile.rows, 5);
  EXPECT_EQ(data.profile.table_bytes, 4096 + 5 * 12);
  EXPECT_THAT(data.profile.table_sha256, SizeIs(64));
}

TEST_F(ImportTextTest, DescribesNumericColumns) {
  const InputFile file = Text("a.csv", "x,y\n1000001,0\n1000003,1\n1000005,0\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}));
  const ColumnProfile& x = data.profile.columns[0];
  EXPECT_DOUBLE_EQ(x.mean, 1000003);
  EXPECT_DOUBLE_EQ(x.stddev, std::sqrt(8.0 / 3));
  EXPECT_EQ(x.min, 1000001);
  EXPECT_EQ(x.max, 1000005);
}

TEST_F(ImportTextTest, DictionariesAreSortedByCountThenValue) {
  const InputFile file = Text("a.csv", "c,y\nz,0\nb,1\na,0\nz,1\nb,0\nq,1\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}));
  ASSERT_THAT(data.dictionaries, SizeIs(1));
  const Dictionary& dictionary = data.dictionaries[0];
  EXPECT_EQ(dictionary.value(1), "b");
  EXPECT_EQ(dictionary.value(2), "z");
  EXPECT_EQ(dictionary.value(3), "a");
  EXPECT_EQ(dictionary.value(4), "q");
  EXPECT_EQ(data.table->codes(0)[0], 2);
}

TEST_F(ImportTextTest, ValuesRarerThanMinCountHaveNoCode) {
  DatasetSchema schema;
  schema.columns["c"].min_count = 2;
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({Text("a.csv", "c,y\nz,0\nb,1\na,0\nz,1\nb,0\n,1\n")}, schema));
  EXPECT_EQ(data.profile.columns[0].vocabulary, 3);
  EXPECT_EQ(data.profile.columns[0].min_count, 2);
  EXPECT_EQ(data.profile.columns[0].missing, 1);
  EXPECT_THAT(data.Values("c"), ElementsAre("z", "b", "missing", "z", "b", "missing"));
}

TEST_F(ImportTextTest, QuotedFieldsMayHoldDelimitersQuotesAndLines) {
  const InputFile file = Text("a.csv",
                              "c,x,y\r\n"
                              "\"a, b\",1,0\r\n"
                              "\"say \"\"hi\"\"\",2,1\r\n"
                              "\"two\nlines\",\"3\",1\r\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}));
  EXPECT_THAT(data.Values("c"), ElementsAre("a, b", "say \"hi\"", "two\nlines"));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "2", "3"));
}

TEST_F(ImportTextTest, TheLastLineNeedsNoEndAndABomIsNoText) {
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.csv", "\xef\xbb\xbfx,y\n1,0\n2,1")}));
  EXPECT_EQ(data.profile.columns[0].name, "x");
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "2"));
}

TEST_F(ImportTextTest, FindsDelimitersByThemselves) {
  for (const char* content :
       {"a;b;y\n1;2,5;0\n3;4,5;1\n", "a\tb\ty\n1\tu\t0\n3\tv\t1\n", "a|b|y\n1|u|0\n3|v|1\n"}) {
    ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.txt", content)}));
    EXPECT_THAT(data.profile.columns, SizeIs(2)) << content;
    EXPECT_THAT(data.Values("a"), ElementsAre("1", "3"));
  }
}

TEST_F(ImportTextTest, FilesWithoutHeaderTakeNamesFromTheSchemaOrNumbers) {
  const InputFile file = Text("a.csv", "1,u,0\n3,v,1\n");
  ASSERT_OK_AND_ASSIGN(const Imported plain, Import({file}));
  EXPECT_EQ(plain.profile.columns[1].name, "column_1");
  EXPECT_EQ(plain.profile.target.name, "column_2");
  DatasetSchema schema;
  schema.names = {"a", "b", "y"};
  ASSERT_OK_AND_ASSIGN(const Imported named, Import({file}, schema));
  EXPECT_EQ(named.profile.columns[1].name, "b");
  EXPECT_EQ(named.profile.rows, 2);
}

TEST_F(ImportTextTest, NamesReplaceAHeaderThatIsDeclared) {
  DatasetSchema schema;
  schema.names = {"a", "y"};
  schema.header = true;
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.csv", "p,q\n1,0\n2,1\n")}, schema));
  EXPECT_EQ(data.profile.columns[0].name, "a");
  EXPECT_EQ(data.profile.rows, 2);
}

TEST_F(ImportTextTest, CommentLinesAreSkipped) {
  DatasetSchema schema;
  schema.comment = "|";
  const InputFile file = Text("a.csv", "|1x3 \"Cross validator\nx,y\n1,0\n|again\n2,1\n|");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}, schema));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "2"));
}

TEST_F(ImportTextTest, MissingTextsAreTheSchemas) {
  DatasetSchema schema;
  schema.missing = std::vector<std::string>{"none", "-9"};
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({Text("a.csv", "x,c,y\n-9,?,0\n2,none,1\n3,NA,1\n")}, schema));
  EXPECT_THAT(data.Values("x"), ElementsAre("missing", "2", "3"));
  EXPECT_THAT(data.Values("c"), ElementsAre("?", "missing", "NA"));
}

TEST_F(ImportTextTest, ReadsGzipWhateverTheNameSays) {
  const std::string content = "x,y\n1,0\n2,1\n";
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Gzip("a.csv", content)}));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "2"));
  // Two members, as `cat a.gz b.gz` makes them.
  const InputFile two = Text("b.csv.gz", GzipBytes("x,y\n1,0\n") + GzipBytes("2,1\n"));
  ASSERT_OK_AND_ASSIGN(const Imported members, Import({two}));
  EXPECT_THAT(members.Values("x"), ElementsAre("1", "2"));
}

TEST_F(ImportTextTest, RowsWithoutATargetAreLeftOutAndCounted) {
  const InputFile file = Text("a.csv", "x,c,y\n1,u,0\n2,rare,\n3,u,1\n4,v,?\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "3"));
  EXPECT_EQ(data.profile.dropped_rows, 2);
  // Their values do not count.
  EXPECT_EQ(data.profile.columns[1].vocabulary, 2);
  EXPECT_EQ(data.profile.columns[0].max, 3);
  EXPECT_THAT(data.profile.warnings, ::testing::Contains("2 rows without a target were left out"));
}

TEST_F(ImportTextTest, FilesComeInTheOrderOfTheirRolesAndMatchByName) {
  const std::vector<InputFile> files = {
      Text("test.csv", "y,x,extra\n0,5,9\n1,6,9\n", FileRole::kTest),
      Text("more.csv", "x,y\n2,1\n", FileRole::kTrain),
      Text("valid.csv", "x,y\n4,0\n", FileRole::kValidation),
      Text("train.csv", "x,y\n3,0\n", FileRole::kTrain)};
  ASSERT_OK_AND_ASSIGN(const Imported data, Import(files));
  EXPECT_THAT(data.Values("x"), ElementsAre("2", "3", "4", "5", "6"));
  EXPECT_EQ(data.profile.train_file_rows, 2);
  EXPECT_EQ(data.profile.validation_file_rows, 1);
  EXPECT_EQ(data.profile.split.kind, SplitSpec::Kind::kFiles);
  EXPECT_EQ(data.profile.split_rows, (SplitCounts{2, 1, 2}));
}

TEST_F(ImportTextTest, StatelessTransformsAreApplied) {
  DatasetSchema schema;
  schema.columns["a"].transform = Transform::kLog1p;
  schema.columns["b"].transform = Transform::kCriteoLog2;
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({Text("a.csv", "a,b,y\n0,-1,0\n9,2,1\n-9,8,1\n")}, schema));
  EXPECT_FLOAT_EQ(data.table->numeric(0)[0], 0);
  EXPECT_FLOAT_EQ(data.table->numeric(1)[0], std::log(10.0f));
  EXPECT_FLOAT_EQ(data.table->numeric(2)[0], -std::log(10.0f));
  EXPECT_FLOAT_EQ(data.table->numeric(0)[1], -3);
  EXPECT_FLOAT_EQ(data.table->numeric(1)[1], 0);
  EXPECT_FLOAT_EQ(data.table->numeric(2)[1], std::log(8.0f) * std::log(8.0f));
}

TEST_F(ImportTextTest, HashedColumnsCountTheirCollisions) {
  DatasetSchema schema;
  schema.columns["c"].hash_buckets = 4;
  std::string content = "c,y\n";
  for (int i = 0; i < 100; ++i) {
    content += "value " + std::to_string(i) + "," + std::to_string(i % 2) + "\n";
  }
  content += ",1\n";
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.csv", content)}, schema));
  const ColumnProfile& column = data.profile.columns[0];
  EXPECT_TRUE(column.hashed);
  EXPECT_EQ(column.vocabulary, 5);
  EXPECT_EQ(column.hash_collisions, 96);
  EXPECT_EQ(column.missing, 1);
  EXPECT_EQ(data.table->codes(7)[0], HashedCode("value 7", 4));
  EXPECT_EQ(data.table->codes(100)[0], 0);
  EXPECT_THAT(data.dictionaries, IsEmpty());
}

TEST_F(ImportTextTest, WeightsGroupsAndTimesAreKeptBesideTheFeatures) {
  DatasetSchema schema = TargetIs("y");
  schema.weight = "w";
  schema.group = "user";
  schema.split = SplitSpec();
  schema.split->kind = SplitSpec::Kind::kTime;
  schema.split->column = "t";
  schema.split->validation = 0;
  schema.split->test = 0.3;
  const InputFile file = Text("a.csv",
                              "user,w,t,x,y\n"
                              "u7,1,2017-11-07 09:30:38,1,0\n"
                              "u3,0.5,2017-11-06T00:00:00Z,2,1\n"
                              ",0,2017-11-08,3,0\n"
                              "u7,2,2017-11-07,4,1\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}, schema));
  EXPECT_THAT(data.profile.columns, SizeIs(1));
  EXPECT_TRUE(data.profile.has_weight);
  EXPECT_EQ(data.profile.group_column, "user");
  EXPECT_EQ(data.profile.time_column, "t");
  EXPECT_EQ(data.table->weight(1), 0.5f);
  EXPECT_EQ(data.table->group(0), 0);
  EXPECT_EQ(data.table->group(1), 1);
  EXPECT_EQ(data.table->group(2), 2);
  EXPECT_EQ(data.table->group(3), 0);
  EXPECT_EQ(data.table->time(3) - data.table->time(1), 86400);
  EXPECT_EQ(data.table->time(0) - data.table->time(3), 9 * 3600 + 30 * 60 + 38);
  EXPECT_EQ(data.profile.split_rows, (SplitCounts{3, 0, 1}));
}

TEST_F(ImportTextTest, ColumnSplitsKeepTheirValues) {
  DatasetSchema schema = TargetIs("y");
  schema.split = SplitSpec();
  schema.split->kind = SplitSpec::Kind::kColumn;
  schema.split->column = "case";
  schema.split->test_values = {"Test"};
  schema.split->validation = 0.5;
  const InputFile file =
      Text("a.csv", "case,x,y\nTest,1,0\nTrain,2,1\nTrain,3,0\nTest,4,1\nTrain,5,1\nTrain,6,0\n");
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}, schema));
  EXPECT_THAT(data.profile.columns, SizeIs(1));
  EXPECT_THAT(data.profile.split_values, ElementsAre("Test", "Train"));
  EXPECT_THAT(data.profile.split_value_counts, ElementsAre(2, 4));
  EXPECT_EQ(data.profile.split_rows, (SplitCounts{2, 2, 2}));
}

TEST_F(ImportTextTest, GroupSplitsAreCountedExactly) {
  DatasetSchema schema = TargetIs("y");
  schema.group = "g";
  schema.split = SplitSpec();
  schema.split->kind = SplitSpec::Kind::kGroup;
  std::string content = "g,x,y\n";
  for (int i = 0; i < 60; ++i) {
    content +=
        std::to_string(i / 7) + "," + std::to_string(i * i) + "," + std::to_string(i % 2) + "\n";
  }
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.csv", content)}, schema));
  const SplitCounts& rows = data.profile.split_rows;
  EXPECT_EQ(rows.train + rows.validation + rows.test, 60);
  EXPECT_EQ(rows.test % 7 == 0 || rows.test % 7 == 4, true);  // whole groups of 7, the last of 4
  EXPECT_THAT(rows.validation, Gt(0));
}

TEST_F(ImportTextTest, ProfileJsonIsTheProfile) {
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Text("a.csv", "x,y\n1,0\n2,1\n")}));
  const auto json = nlohmann::json::parse(ReadBytes(output_dir_ + "/" + kProfileFile));
  ASSERT_OK_AND_ASSIGN(const DatasetProfile read, DatasetProfileFromJson(json));
  EXPECT_EQ(ToJson(read).dump(), ToJson(data.profile).dump());
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(output_dir_))
    ++files;
  EXPECT_EQ(files, 3);
}

TEST_F(ImportTextTest, ReportsProgressUpToTheEnd) {
  std::string content = "x,y\n";
  for (int i = 0; i < 20000; ++i)
    content += std::to_string(i * 7 % 1000) + "," + std::to_string(i % 2) + "\n";
  options_.block_bytes = 10000;
  ASSERT_OK(Import({Text("a.csv", content)}));
  ASSERT_THAT(progress_, SizeIs(Gt(5)));
  for (size_t i = 1; i < progress_.size(); ++i) {
    EXPECT_GE(progress_[i].fraction, progress_[i - 1].fraction);
    EXPECT_GE(progress_[i].rows_read, progress_[i - 1].rows_read);
  }
  EXPECT_EQ(progress_.back().fraction, 1.0);
  EXPECT_EQ(progress_.back().rows_read, 20000);
  EXPECT_EQ(progress_.back().bytes_read, progress_.back().total_bytes);
}

TEST_F(ImportTextTest, StopsWhenAskedAndLeavesNothing) {
  stop_.Request(StopRequest::kCancel);
  EXPECT_THAT(Import({Text("a.csv", "x,y\n1,0\n2,1\n")}).status(),
              StatusIs(absl::StatusCode::kCancelled));
  EXPECT_TRUE(std::filesystem::is_empty(output_dir_));
}

}  // namespace
}  // namespace winnow::data
