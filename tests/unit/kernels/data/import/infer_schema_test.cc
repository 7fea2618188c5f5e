#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class InferSchemaTest : public ImportTest {
 protected:
  InferredSchema Infer(const std::vector<InputFile>& files, const DatasetSchema& partial = {}) {
    auto inferred = InferSchema(files, partial, options_);
    EXPECT_OK(inferred);
    return inferred.ok() ? *std::move(inferred) : InferredSchema();
  }
  InferredSchema InferText(const std::string& content, const DatasetSchema& partial = {}) {
    return Infer({Text("a.csv", content)}, partial);
  }
};

std::string Rows(int count, const std::function<std::string(int)>& row) {
  std::string text;
  for (int i = 0; i < count; ++i) text += row(i) + "\n";
  return text;
}

TEST_F(InferSchemaTest, FillsInEverything) {
  const InferredSchema inferred = InferText("age,job,income\n39,clerk,no\n50,farmer,yes\n");
  DatasetSchema expected;
  expected.format = FileFormat::kCsv;
  expected.header = true;
  expected.trim = true;
  expected.delimiter = ",";
  expected.missing = std::vector<std::string>{"", "?", "NA"};
  expected.target.column = "income";
  expected.target.kind = TargetKind::kBinary;
  expected.split = SplitSpec();
  expected.columns["age"].kind = ColumnRole::kNumeric;
  expected.columns["age"].transform = Transform::kStandardize;
  expected.columns["job"].kind = ColumnRole::kCategorical;
  expected.columns["job"].min_count = 1;
  EXPECT_EQ(inferred.schema, expected);
  EXPECT_EQ(inferred.sampled_rows, 2);
}

TEST_F(InferSchemaTest, ASchemaWithNothingLeftIsItsOwnAnswer) {
  const InputFile file = Text("a.csv", "age,job,income\n39,clerk,no\n50,farmer,yes\n");
  const DatasetSchema once = Infer({file}).schema;
  const InferredSchema twice = Infer({file}, once);
  EXPECT_EQ(twice.schema, once);
}

TEST_F(InferSchemaTest, KeepsWhatItIsTold) {
  DatasetSchema partial;
  partial.columns["zip"].kind = ColumnRole::kCategorical;
  partial.columns["zip"].hash_buckets = 100;
  partial.columns["x"].transform = Transform::kQuantile;
  partial.columns["c"].min_count = 3;
  partial.target.column = "x2";
  const DatasetSchema schema = InferText("zip,x,c,x2\n12345,1,7,0\n54321,2,8,1\n", partial).schema;
  EXPECT_EQ(*schema.columns.at("zip").kind, ColumnRole::kCategorical);
  EXPECT_EQ(schema.columns.at("zip").hash_buckets, 100);
  EXPECT_FALSE(schema.columns.at("zip").min_count);
  EXPECT_EQ(*schema.columns.at("x").kind, ColumnRole::kNumeric);
  EXPECT_EQ(*schema.columns.at("c").kind, ColumnRole::kCategorical);
  EXPECT_EQ(schema.target.column, "x2");
}

TEST_F(InferSchemaTest, TheTargetIsTheColumnOfThatNameElseTheLast) {
  EXPECT_EQ(InferText("Class,a,b\nu,1,2\nv,3,4\n").schema.target.column, "Class");
  const InferredSchema last = InferText("a,b,spam\n1,2,u\n3,4,v\n");
  EXPECT_EQ(last.schema.target.column, "spam");
  EXPECT_THAT(last.warnings, Contains("the target is taken to be 'spam', the last column"));
  // Two such names decide nothing.
  EXPECT_EQ(InferText("label,y,b\n1,2,u\n3,4,v\n").schema.target.column, "b");
}

TEST_F(InferSchemaTest, KindsOfTargets) {
  const auto kind = [this](const std::function<std::string(int)>& label) {
    const auto row = [&](int i) { return std::to_string(i * i % 17) + "," + label(i); };
    return *InferText("x,y\n" + Rows(300, row)).schema.target.kind;
  };
  EXPECT_EQ(kind([](int i) { return std::to_string(i % 2); }), TargetKind::kBinary);
  EXPECT_EQ(kind([](int i) { return i % 2 ? "1.0" : "1"; }), TargetKind::kBinary);  // one class
  EXPECT_EQ(kind([](int i) { return std::string(1, static_cast<char>('a' + i % 5)); }),
            TargetKind::kMulticlass);
  EXPECT_EQ(kind([](int i) { return std::to_string(i % 10); }), TargetKind::kMulticlass);
  EXPECT_EQ(kind([](int i) { return std::to_string(i % 10) + ".5"; }), TargetKind::kRegression);
  EXPECT_EQ(kind([](int i) { return std::to_string(i % 150); }), TargetKind::kRegression);
  EXPECT_EQ(kind([](int i) { return std::to_string(i); }), TargetKind::kRegression);
}

TEST_F(InferSchemaTest, ATargetOfTextsThatAllDifferIsRefused) {
  const auto row = [](int i) { return std::to_string(i % 3) + ",text" + std::to_string(i); };
  EXPECT_THAT(Refusal({Text("a.csv", "x,y\n" + Rows(1500, row))}),
              HasSubstr("target 'y' holds more than 1000 different texts"));
}

TEST_F(InferSchemaTest, TheGreaterValueIsPositive) {
  const auto classes = [this](const std::string& a, const std::string& b) {
    const auto imported = Import({Text("a.csv", "x,y\n1," + a + "\n2," + b + "\n3," + a + "\n")});
    EXPECT_OK(imported);
    return imported->profile.target.classes;
  };
  EXPECT_THAT(classes("yes", "no"), ElementsAre("no", "yes"));
  EXPECT_THAT(classes("10", "9"), ElementsAre("9", "10"));
  EXPECT_THAT(classes("-1", "+1"), ElementsAre("-1", "1"));
  EXPECT_THAT(classes("spam", "nonspam"), ElementsAre("nonspam", "spam"));
}

TEST_F(InferSchemaTest, LabelsThatDifferInAFinalDotAreOne) {
  const InferredSchema inferred = Infer(
      {Text("a.csv", "1,<=50K\n2,>50K\n"), Text("b.csv", "3,<=50K.\n4,>50K.\n", FileRole::kTest)});
  EXPECT_EQ(*inferred.schema.target.kind, TargetKind::kBinary);
  EXPECT_THAT(inferred.schema.target.positive, ElementsAre(">50K", ">50K."));
}

TEST_F(InferSchemaTest, ALateThirdLabelOfABinaryTargetIsRefused) {
  options_.sample_bytes = 100;
  const auto row = [](int i) { return std::to_string(i * i % 7) + "," + std::to_string(i % 2); };
  EXPECT_THAT(Refusal({Text("a.csv", "x,y\n" + Rows(100, row) + "1,2\n")}),
              HasSubstr("target 'y' is binary, but has 3 values: '0' (50 rows), '1' (50 rows), '2' "
                        "(1 rows)"));
}

TEST_F(InferSchemaTest, IdsAreIgnoredWithAWarning) {
  const auto row = [](int i) {
    return "mouse_" + std::to_string(i) + "," + std::to_string(i + 1) + "," +
           std::to_string(i * i % 31) + "," + std::to_string(i % 2);
  };
  const InferredSchema inferred = InferText("name,,x,y\n" + Rows(30, row));
  EXPECT_EQ(*inferred.schema.columns.at("name").kind, ColumnRole::kIgnore);
  EXPECT_EQ(*inferred.schema.columns.at("column_1").kind, ColumnRole::kIgnore);
  EXPECT_EQ(*inferred.schema.columns.at("x").kind, ColumnRole::kNumeric);
  EXPECT_THAT(inferred.warnings, Contains(HasSubstr("'name' holds another text in every row")));
  EXPECT_THAT(inferred.warnings, Contains(HasSubstr("'column_1' counts the rows")));
}

TEST_F(InferSchemaTest, DistinctTextsOfAPartOfTheFileAreNoIds) {
  options_.sample_bytes = 200;
  const auto row = [](int i) {
    return "name" + std::to_string(i % 50) + "," + std::to_string(i % 2);
  };
  const InferredSchema inferred = InferText("c,y\n" + Rows(200, row));
  EXPECT_EQ(*inferred.schema.columns.at("c").kind, ColumnRole::kCategorical);
}

TEST_F(InferSchemaTest, NullTextsInNumericColumnsAreMissing) {
  const InferredSchema inferred = InferText("x,c,y\n1,u,0\nNULL,v,1\n3,NULL,0\nnan,w,1\n");
  EXPECT_EQ(*inferred.schema.columns.at("x").kind, ColumnRole::kNumeric);
  EXPECT_THAT(*inferred.schema.missing, ElementsAre("", "?", "NA", "NULL"));
  EXPECT_THAT(inferred.warnings, Contains(HasSubstr("'NULL' in the numeric column 'x'")));
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({Text("a.csv", "x,c,y\n1,u,0\nNULL,v,1\n3,NULL,0\nnan,w,1\n")}));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "missing", "3", "missing"));
}

TEST_F(InferSchemaTest, ChoosesTheSplitByTheFiles) {
  const std::string content = "x,y\n1,0\n2,1\n";
  EXPECT_EQ(InferText(content).schema.split->kind, SplitSpec::Kind::kRandom);
  EXPECT_EQ(
      Infer({Text("a.csv", content), Text("b.csv", content, FileRole::kTest)}).schema.split->kind,
      SplitSpec::Kind::kFiles);
  EXPECT_EQ(Infer({Text("a.csv", content), Text("b.csv", content, FileRole::kValidation)})
                .schema.split->kind,
            SplitSpec::Kind::kFiles);
}

TEST_F(InferSchemaTest, ColumnsWithARoleAreNoFeaturesUnlessDeclared) {
  DatasetSchema partial = TargetIs("y");
  partial.weight = "w";
  partial.group = "g";
  partial.columns["g"].kind = ColumnRole::kCategorical;
  const DatasetSchema schema = InferText("w,g,x,y\n1,u,5,0\n2,v,6,1\n", partial).schema;
  EXPECT_EQ(*schema.columns.at("w").kind, ColumnRole::kIgnore);
  EXPECT_EQ(*schema.columns.at("g").kind, ColumnRole::kCategorical);
}

TEST_F(InferSchemaTest, FormatsByContentBeforeName) {
  EXPECT_EQ(*Infer({Text("data", "a\tb\ty\n1\tu\t0\n2\tv\t1\n")}).schema.format, FileFormat::kTsv);
  EXPECT_EQ(*Infer({Text("a.tsv", "a\tb\ty\n1\tu\t0\n2\tv\t1\n")}).schema.format, FileFormat::kTsv);
  EXPECT_EQ(*Infer({Text("data", "a;y\n1;0\n2;1\n")}).schema.format, FileFormat::kCsv);
  EXPECT_EQ(*Infer({Text("data", "a;y\n1;0\n2;1\n")}).schema.delimiter, ";");
  std::string criteo;
  for (int row = 0; row < 3; ++row) {
    criteo += std::to_string(row % 2);
    for (int i = 0; i < 13; ++i) criteo += i % 4 == 0 ? "\t" : "\t-" + std::to_string(i);
    for (int i = 0; i < 26; ++i) criteo += i % 5 == 0 ? "\t" : "\t68fd1e6" + std::to_string(row);
    criteo += "\n";
  }
  const InferredSchema raw = Infer({Text("day_0.tsv", criteo)});
  EXPECT_EQ(*raw.schema.format, FileFormat::kCriteoTsv);
  EXPECT_EQ(raw.schema.target.column, "label");
  EXPECT_THAT(raw.warnings, IsEmpty());
}

TEST_F(InferSchemaTest, SeesHeaders) {
  EXPECT_TRUE(*InferText("a,b\n1,2\n3,4\n").schema.header);
  EXPECT_FALSE(*InferText("1,2\n3,4\n").schema.header);
  EXPECT_TRUE(*InferText("colour,shape\nred,round\nblue,long\n").schema.header);
  EXPECT_FALSE(*InferText("red,round\nblue,long\nred,long\n").schema.header);
  EXPECT_FALSE(*InferText("39, State-gov, yes\n50, Private, no\n").schema.header);
}

TEST_F(InferSchemaTest, WarnsOfFeaturesThatGiveTheTargetAway) {
  const auto row = [](int i) {
    return std::to_string(i * 7 % 31) + "," + (i % 2 ? "late" : "early") + "," +
           std::to_string(i % 2 * 100 + i * 3 % 50) + "," + std::to_string(i % 2);
  };
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({Text("a.csv", "x,c,leak,y\n" + Rows(200, row))}));
  EXPECT_THAT(data.profile.warnings,
              Contains(HasSubstr("column 'leak' alone separates the two classes (AUC 1.0000)")));
  EXPECT_THAT(data.profile.warnings, Contains(HasSubstr("column 'c' alone separates")));
  EXPECT_THAT(data.profile.warnings, Not(Contains(HasSubstr("column 'x' alone"))));
}

}  // namespace
}  // namespace winnow::data
