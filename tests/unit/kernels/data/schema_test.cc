#include "kernels/data/schema.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

SchemaViolation Violation(const std::string& path, const std::string& message) {
  return {path, message};
}

TEST(ValidateSchemaTest, AcceptsNothingAndTheUsual) {
  EXPECT_THAT(ValidateSchema({}), IsEmpty());
  DatasetSchema adult;
  adult.format = FileFormat::kCsv;
  adult.names = {"age", "income"};
  adult.comment = "|";
  adult.target = {"income", TargetKind::kBinary, {">50K", ">50K."}, std::nullopt};
  adult.columns["age"].transform = Transform::kQuantile;
  adult.columns["age"].quantiles = 64;
  adult.split = SplitSpec();
  EXPECT_THAT(ValidateSchema(adult), IsEmpty());
}

TEST(ValidateSchemaTest, ReportsAllViolationsAtOnceInFieldOrder) {
  DatasetSchema schema;
  schema.format = FileFormat::kLibsvm;
  schema.names = {"a", "", "a"};
  schema.comment = "";
  schema.target.column = "y";
  schema.target.file = "y.npy";
  schema.weight = "y";
  schema.split = SplitSpec();
  schema.split->validation = -0.5;
  schema.columns["b"].kind = ColumnRole::kCategorical;
  schema.columns["b"].transform = Transform::kLog1p;
  schema.columns["b"].min_count = 0;
  const auto violations = ValidateSchema(schema);
  EXPECT_EQ(FormatViolations(violations),
            "format: libsvm is not built yet; csv, tsv, criteo_tsv, parquet, arrow and npy are; "
            "comment: applies to text, the format is libsvm; "
            "names[1]: must not be empty; names[2]: 'a' is named twice; "
            "comment: must not be empty; "
            "target.file: the labels come from a column or from a file, not from both; "
            "weight: is the target column; "
            "split.validation: must be in [0, 1), got -0.5; "
            "columns.b.transform: applies to numeric columns only; "
            "columns.b.vocabulary.dictionary.min_count: must be >= 1, got 0");
}

TEST(ValidateSchemaTest, ChecksDelimiters) {
  DatasetSchema schema;
  for (const char* bad : {"", ",,", "\"", "\n"}) {
    schema.delimiter = bad;
    EXPECT_THAT(FormatViolations(ValidateSchema(schema)),
                HasSubstr("delimiter: must be one character"));
  }
  schema.delimiter = ";";
  schema.format = FileFormat::kTsv;
  EXPECT_THAT(ValidateSchema(schema),
              ElementsAre(Violation("delimiter", "must be a tab for tsv, got ';'")));
}

TEST(ValidateSchemaTest, ChecksSplits) {
  DatasetSchema schema;
  schema.target.column = "y";
  const auto check = [&schema](auto change) {
    schema.split = SplitSpec();
    change(*schema.split);
    return FormatViolations(ValidateSchema(schema));
  };
  EXPECT_EQ(check([](SplitSpec& s) { s.validation = s.test = 0.5; }),
            "split.test: validation + test must be < 1, got 1");
  EXPECT_EQ(check([](SplitSpec& s) { s.kind = SplitSpec::Kind::kTime; }),
            "split.column: must name the column that decides");
  EXPECT_EQ(check([](SplitSpec& s) { s.kind = SplitSpec::Kind::kGroup; }),
            "split.column: must name the column that groups rows, or `group` must");
  EXPECT_EQ(check([](SplitSpec& s) {
              s.kind = SplitSpec::Kind::kColumn;
              s.column = "y";
            }),
            "split.column: is the target column");
  EXPECT_EQ(check([](SplitSpec& s) {
              s.kind = SplitSpec::Kind::kFolds;
              s.fold = 5;
            }),
            "split.fold: must be in [0, 4], got 5");
  EXPECT_EQ(check([](SplitSpec& s) {
              s.kind = SplitSpec::Kind::kFolds;
              s.folds = 1;
            }),
            "split.folds: must be in [2, 100], got 1");
}

TEST(ValidateSchemaTest, ChecksColumns) {
  DatasetSchema schema;
  schema.target.column = "y";
  schema.target.kind = TargetKind::kRegression;
  schema.target.positive = {"1"};
  schema.columns["y"].kind = ColumnRole::kIgnore;
  schema.columns["a"].separator = "|";
  schema.columns["b"].hash_buckets = 1;
  schema.columns["c"].quantiles = 1;
  schema.columns["d"].min_count = 2;
  schema.columns["d"].hash_buckets = 10;
  schema.columns["e"].kind = ColumnRole::kNumeric;
  schema.columns["e"].hash_buckets = 10;
  schema.columns["f"].pooling = Pooling::kSum;
  EXPECT_THAT(
      ValidateSchema(schema),
      ElementsAre(
          Violation("target.positive", "applies to a binary target only"),
          Violation("columns.a.separator", "multi-valued columns are not built yet"),
          Violation("columns.b.vocabulary.hash_buckets", "must be in [2, 2147483646], got 1"),
          Violation("columns.c.quantiles", "must be in [2, 65536], got 1"),
          Violation("columns.c.quantiles", "applies to the transform quantile only"),
          Violation("columns.d.vocabulary", "is a dictionary or hashed, not both"),
          Violation("columns.e.vocabulary", "applies to categorical columns only"),
          Violation("columns.f.pooling", "applies to multi-valued columns only"),
          Violation("columns.y.kind", "the target cannot be ignored")));
}

TEST(ValidateSchemaTest, FixedFormatsFixTheirNames) {
  DatasetSchema schema;
  schema.format = FileFormat::kCriteoTsv;
  schema.header = true;
  schema.names = {"a"};
  EXPECT_THAT(
      ValidateSchema(schema),
      ElementsAre(Violation("header", "criteo_tsv has no header; must be false"),
                  Violation("names", "criteo_tsv has fixed names: label, I1..I13, C1..C26")));
  EXPECT_EQ(CriteoColumnNames().size(), 40u);
  EXPECT_EQ(CriteoColumnNames()[14], "C1");
}

}  // namespace
}  // namespace winnow::data
