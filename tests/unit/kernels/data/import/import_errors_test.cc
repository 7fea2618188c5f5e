#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::winnow::test::StatusIs;

class ImportErrorsTest : public ImportTest {};

TEST_F(ImportErrorsTest, ARaggedRowIsNamed) {
  EXPECT_EQ(Refusal({Text("a.csv", "x,c,y\n1,u,0\n2,v\n3,w,1\n")}),
            "a.csv: row 3: 2 fields, expected 3: '2,v'");
  EXPECT_EQ(Refusal({Text("a.csv", "1,5,0\n2,6,1,9\n")}),
            "a.csv: row 2: 4 fields, expected 3: '2,6,1,9'");
}

TEST_F(ImportErrorsTest, AMissingQuoteIsSuspectedWhereFieldsAreMissing) {
  EXPECT_THAT(
      Refusal({Text("a.csv", "x,c,y\n1,u,0\n2,\"v,1\n3,w,1\n")}),
      AllOf(HasSubstr("a.csv: row 3: 2 fields, expected 3"), HasSubstr("is a quote missing?")));
}

TEST_F(ImportErrorsTest, ATextInANumericColumnIsNamedWithItsRow) {
  DatasetSchema schema;
  schema.columns["x"].kind = ColumnRole::kNumeric;
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,0\n12a,1\n")}, schema),
            "a.csv, row 3, column 'x': expected a number, found '12a'");
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,0\n\"two\nlines\",1\n")}, schema),
            "a.csv, row 3, column 'x': expected a number, found 'two?lines'");
}

TEST_F(ImportErrorsTest, AnInferredColumnSaysHowToDeclareIt) {
  options_.sample_bytes = 40;
  std::string content = "x,y\n";
  for (int i = 0; i < 30; ++i)
    content += std::to_string(i * i) + "," + std::to_string(i % 2) + "\n";
  EXPECT_THAT(Refusal({Text("a.csv", content + "oops,1\n")}),
              AllOf(HasSubstr("a.csv, row 32, column 'x': expected a number, found 'oops'"),
                    HasSubstr("declare the column categorical")));
}

TEST_F(ImportErrorsTest, NumbersBeyondFloatAreRefused) {
  DatasetSchema schema;
  schema.columns["x"].kind = ColumnRole::kNumeric;
  for (const char* value : {"1e39", "-1e39", "1e999", "inf", "-Infinity"}) {
    EXPECT_THAT(Refusal({Text("a.csv", std::string("x,y\n1,0\n") + value + ",1\n")}, schema),
                HasSubstr("row 3, column 'x': expected a finite number of at most 3.4e38, found"))
        << value;
  }
}

TEST_F(ImportErrorsTest, TheFirstBadRowIsNamedWhateverItsColumn) {
  DatasetSchema schema;
  for (const char* name : {"a", "b"}) schema.columns[name].kind = ColumnRole::kNumeric;
  std::string content = "a,b,y\n";
  for (int i = 0; i < 50; ++i) content += "1,2," + std::to_string(i % 2) + "\n";
  content += "1,bad,0\n1,2,0\nworse,2,1\n1,2\n";
  options_.sample_bytes = 100;
  for (const int64_t block : {1, 7, 100, 1 << 20}) {
    options_.block_bytes = block;
    EXPECT_EQ(Refusal({Text("a.csv", content)}, schema),
              "a.csv, row 52, column 'b': expected a number, found 'bad'")
        << block;
  }
}

TEST_F(ImportErrorsTest, FilesThatAreNoTables) {
  EXPECT_EQ(Refusal({Text("a.csv", "")}), "a.csv: the file is empty (0 bytes)");
  EXPECT_EQ(Refusal({Gzip("a.csv.gz", "")}), "a.csv.gz: the file is empty inside its gzip");
  EXPECT_EQ(Refusal({Text("a.csv", "\n\n\n")}), "a.csv: there are no rows in the file");
  EXPECT_EQ(Refusal({Text("a.bin", std::string("ab\0cd", 5))}),
            "a.bin: is a binary file (a zero byte at offset 2); expected text, Parquet, Arrow IPC "
            "or npy");
  std::string late = "x,y\n";
  for (int i = 0; i < 20000; ++i) late += "1,0\n2,1\n";
  const std::string offset = std::to_string(late.size());
  EXPECT_EQ(Refusal({Text("a.csv", late + std::string("\0,1\n", 4))}),
            "a.csv: a zero byte at offset " + offset + ": this is not a text file");
  EXPECT_EQ(Refusal({{dir_.path(), FileRole::kTrain, "folder"}}),
            "folder: is a folder, expected a file");
  EXPECT_EQ(Refusal({Text("a.csv", "\xff\xfex\0,\0")}), "a.csv: is UTF-16 text; save it as UTF-8");
  EXPECT_THAT(Refusal({Text("a.csv.zst", "\x28\xb5\x2f\xfd....")}),
              HasSubstr("is compressed with zstd; decompress it, or use gzip"));
  EXPECT_THAT(Refusal({Text("a.csv.gz", GzipBytes("x,y\n1,0\n2,1\n").substr(0, 20))}),
              HasSubstr("a.csv.gz: "));
}

TEST_F(ImportErrorsTest, AHeaderWithoutRows) {
  DatasetSchema schema = TargetIs("y", TargetKind::kBinary);
  EXPECT_THAT(Refusal({Text("a.csv", "x,y\n")}, schema),
              HasSubstr("a.csv: there are no rows below the header"));
}

TEST_F(ImportErrorsTest, AMissingFileIsNotFound) {
  EXPECT_THAT(Import({{dir_.File("gone.csv"), FileRole::kTrain, "gone.csv"}}).status(),
              StatusIs(absl::StatusCode::kNotFound,
                       AllOf(HasSubstr("gone.csv"), HasSubstr("No such file"))));
  EXPECT_EQ(Refusal({}), "files: at least one training file is needed");
}

TEST_F(ImportErrorsTest, TextThatIsNotUtf8) {
  EXPECT_EQ(Refusal({Text("a.csv", "c,y\nu,0\nZ\xfcrich,1\n")}),
            "a.csv, row 3, column 'c': text that is not valid UTF-8; save the file as UTF-8");
  EXPECT_EQ(Refusal({Text("a.csv",
                          "Gr\xf6\xdf"
                          "e,y\n1,0\n2,1\n")}),
            "a.csv: row 1: the name of column 1 is not valid UTF-8");
  DatasetSchema schema;
  schema.columns["c"].hash_buckets = 10;
  EXPECT_THAT(Refusal({Text("a.csv", "c,y\nu,0\nZ\xfcrich,1\n")}, schema),
              HasSubstr("a.csv, row 3, column 'c': text that is not valid UTF-8"));
}

TEST_F(ImportErrorsTest, UnknownColumnsAreNamedWithThoseThereAre) {
  DatasetSchema schema = TargetIs("income");
  schema.weight = "w";
  schema.columns["agee"].kind = ColumnRole::kNumeric;
  EXPECT_EQ(Refusal({Text("a.csv", "age,job,y\n1,u,0\n2,v,1\n")}, schema),
            "target.column: there is no column 'income'; weight: there is no column 'w'; "
            "columns.agee: there is no column 'agee' in a.csv; its columns are 'age', 'job', 'y'");
}

TEST_F(ImportErrorsTest, FilesWithOtherColumns) {
  EXPECT_EQ(Refusal({Text("a.csv", "x,z,y\n1,1,0\n2,1,1\n"),
                     Text("b.csv", "x,y\n1,0\n2,1\n", FileRole::kTest)}),
            "b.csv: lacks 'z' of a.csv; its columns are 'x', 'y'");
  DatasetSchema schema;
  schema.names = {"a", "b"};
  EXPECT_EQ(Refusal({Text("a.csv", "1,2,0\n3,4,1\n")}, schema),
            "a.csv: row 1 has 3 fields, the schema names 2 columns");
}

TEST_F(ImportErrorsTest, RepeatedColumnNames) {
  EXPECT_EQ(Refusal({Text("a.csv", "x,x,y\n1,2,0\n3,4,1\n")}),
            "a.csv: two columns are called 'x'; names must be distinct");
}

TEST_F(ImportErrorsTest, ColumnsWithoutAnyValue) {
  EXPECT_EQ(Refusal({Text("a.csv", "x,e,y\n1,,0\n2,?,1\n")}),
            "column 'e' has no value in any of 2 rows; leave it out with kind: ignore");
  EXPECT_EQ(Refusal({Text("a.csv", "f,e,y\nNA,,0\n,?,1\n")}),
            "columns 'f', 'e' have no value in any of 2 rows; leave them out with kind: ignore");
}

TEST_F(ImportErrorsTest, TargetsWithoutChoice) {
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,a\n2,a\n")}),
            "target 'y' has one class only: 'a' (2 rows)");
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,\n2,?\n")}), "target 'y': no value in the first 2 rows");
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,2.5\n2,2.5\n")}, TargetIs("y", TargetKind::kRegression)),
            "target 'y' is 2.5 in all 2 rows");
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,a\n2,b\n3,c\n")}, TargetIs("y", TargetKind::kBinary)),
            "target 'y' is binary, but has 3 values: 'a' (1 rows), 'b' (1 rows), 'c' (1 rows); say "
            "which are positive, or kind: multiclass");
  DatasetSchema schema = TargetIs("y");
  schema.target.positive = {"yes"};
  EXPECT_EQ(Refusal({Text("a.csv", "x,y\n1,a\n2,b\n")}, schema),
            "target 'y' has one class only: no row is positive; its values are 'a' (1 rows), 'b' "
            "(1 rows)");
  EXPECT_EQ(
      Refusal({Text("a.csv", "x,y\n1,2.5\n2,much\n")}, TargetIs("y", TargetKind::kRegression)),
      "a.csv, row 3, column 'y': expected a number, found 'much'");
}

TEST_F(ImportErrorsTest, WeightsMustBeNumbersOfAtLeastZero) {
  DatasetSchema schema = TargetIs("y");
  schema.weight = "w";
  for (const auto& [value, found] : {std::pair("-1", "'-1'"), {"", "nothing"}, {"x", "'x'"}}) {
    EXPECT_EQ(Refusal({Text("a.csv", std::string("w,x,y\n1,1,0\n") + value + ",2,1\n")}, schema),
              std::string("a.csv, row 3, column 'w': expected a weight >= 0, found ") + found);
  }
}

TEST_F(ImportErrorsTest, SchemaViolationsAreAllReported) {
  DatasetSchema schema;
  schema.delimiter = "";
  schema.columns["x"].hash_buckets = 0;
  EXPECT_THAT(Refusal({Text("a.csv", "x,y\n1,0\n")}, schema),
              AllOf(HasSubstr("schema: delimiter: must be one character"),
                    HasSubstr("columns.x.vocabulary.hash_buckets: must be in")));
  EXPECT_THAT(Refusal({Text("a.svm", "1 3:1 7:2\n0 4:1\n")}), HasSubstr("libsvm is not built yet"));
  EXPECT_THAT(Refusal({Text("a.ffm", "1 0:3:1 1:7:2\n0 0:4:1\n")}),
              HasSubstr("libfm is not built yet"));
}

TEST_F(ImportErrorsTest, NoFeatureIsLeft) {
  EXPECT_THAT(Refusal({Text("a.csv", "y\n1\n0\n")}), HasSubstr("no feature column is left"));
}

TEST_F(ImportErrorsTest, DictionariesHaveALimit) {
  options_.max_dictionary_bytes = 100 << 10;
  std::string content = "c,y\n";
  for (int i = 0; i < 5000; ++i) {
    content += "value" + std::to_string(i) + "," + std::to_string(i % 2) + "\nvalue0,1\n";
  }
  const auto imported = Import({Text("a.csv", content)});
  EXPECT_THAT(imported.status(), StatusIs(absl::StatusCode::kResourceExhausted,
                                          AllOf(HasSubstr("a.csv, row "), HasSubstr("column 'c'"),
                                                HasSubstr("hash_buckets"))));
  EXPECT_TRUE(std::filesystem::is_empty(output_dir_));
}

std::string ManyRows() {
  std::string content = "x,y\n";
  for (int i = 0; i < 200000; ++i) {
    content += std::to_string(i * 7919 % 1000) + "," + std::to_string(i % 2) + "\n";
  }
  return content;
}

TEST_F(ImportErrorsTest, AFileSizeLimitNamesThePathAndLeavesNothing) {
  const InputFile file = Text("a.csv", ManyRows());
  struct rlimit old;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  const struct rlimit small = {1 << 20, old.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto imported = Import({file});
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  std::signal(SIGXFSZ, handler);
  EXPECT_THAT(imported.status(),
              StatusIs(absl::StatusCode::kResourceExhausted,
                       AllOf(HasSubstr("cannot write " + output_dir_ + "/table.bin"),
                             HasSubstr("File too large"))));
  EXPECT_TRUE(std::filesystem::is_empty(output_dir_));
}

TEST_F(ImportErrorsTest, AFullDiskNamesThePathAndLeavesNothing) {
  const InputFile file = Text("a.csv", ManyRows());
  const std::string disk = dir_.File("disk");
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small disk needs root";
  }
  const auto profile = ImportDataset(DatasetSchema(), {file}, disk, nullptr, stop_, options_);
  const bool is_empty = std::filesystem::is_empty(disk);
  ASSERT_EQ(::umount(disk.c_str()), 0);
  EXPECT_THAT(profile.status(), StatusIs(absl::StatusCode::kResourceExhausted,
                                         AllOf(HasSubstr("cannot write " + disk + "/table.bin"),
                                               HasSubstr("No space left on device"))));
  EXPECT_TRUE(is_empty);
}

TEST_F(ImportErrorsTest, AFolderThatIsNotThere) {
  const InputFile file = Text("a.csv", "x,y\n1,0\n2,1\n");
  EXPECT_THAT(ImportDataset(DatasetSchema(), {file}, dir_.File("nowhere"), nullptr, stop_, options_)
                  .status(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("cannot create")));
}

}  // namespace
}  // namespace winnow::data
