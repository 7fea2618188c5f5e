#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <parquet/arrow/writer.h>

#include <cmath>
#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/test_data.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Column(const std::vector<std::optional<Value>>& values,
                                     std::shared_ptr<arrow::DataType> type) {
  std::unique_ptr<arrow::ArrayBuilder> any;
  EXPECT_TRUE(arrow::MakeBuilder(arrow::default_memory_pool(), type, &any).ok());
  auto* builder = static_cast<Builder*>(any.get());
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder->Append(*value) : builder->AppendNull()).ok());
  }
  return any->Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Doubles(const std::vector<std::optional<double>>& values) {
  return Column<arrow::DoubleBuilder, double>(values, arrow::float64());
}
std::shared_ptr<arrow::Array> Longs(const std::vector<std::optional<int64_t>>& values) {
  return Column<arrow::Int64Builder, int64_t>(values, arrow::int64());
}
std::shared_ptr<arrow::Array> Strings(const std::vector<std::optional<std::string>>& values) {
  return Column<arrow::StringBuilder, std::string>(values, arrow::utf8());
}

class ImportFormatsTest : public ImportTest {
 protected:
  InputFile Parquet(const std::string& name, const std::shared_ptr<arrow::Table>& table,
                    int64_t row_group = 1 << 20) {
    auto file = arrow::io::FileOutputStream::Open(dir_.File(name)).ValueOrDie();
    EXPECT_TRUE(
        parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), file, row_group).ok());
    EXPECT_TRUE(file->Close().ok());
    return {dir_.File(name), FileRole::kTrain, name};
  }
  InputFile Ipc(const std::string& name, const std::shared_ptr<arrow::Table>& table,
                bool as_stream) {
    auto file = arrow::io::FileOutputStream::Open(dir_.File(name)).ValueOrDie();
    auto writer = as_stream ? arrow::ipc::MakeStreamWriter(file, table->schema()).ValueOrDie()
                            : arrow::ipc::MakeFileWriter(file, table->schema()).ValueOrDie();
    EXPECT_TRUE(writer->WriteTable(*table, 3).ok());
    EXPECT_TRUE(writer->Close().ok());
    EXPECT_TRUE(file->Close().ok());
    return {dir_.File(name), FileRole::kTrain, name};
  }
};

std::shared_ptr<arrow::Table> Example() {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto when = Column<arrow::TimestampBuilder, int64_t>(
      {1500, std::nullopt, 3000, 4500}, arrow::timestamp(arrow::TimeUnit::MILLI));
  const auto flag =
      Column<arrow::BooleanBuilder, bool>({true, false, std::nullopt, true}, arrow::boolean());
  arrow::StringDictionaryBuilder colours;
  for (const char* colour : {"red", "blue", "red"}) EXPECT_TRUE(colours.Append(colour).ok());
  EXPECT_TRUE(colours.AppendNull().ok());
  const auto coloured = colours.Finish().ValueOrDie();
  return arrow::Table::Make(
      arrow::schema({arrow::field("d", arrow::float64()), arrow::field("i", arrow::int64()),
                     arrow::field("s", arrow::utf8()), arrow::field("b", arrow::boolean()),
                     arrow::field("t", when->type()), arrow::field("c", coloured->type()),
                     arrow::field("y", arrow::int64())}),
      {Doubles({1.5, nan, std::nullopt, -2}), Longs({7, std::nullopt, 9, 7}),
       Strings({"u", " v ", "NA", "u"}), flag, when, coloured, Longs({0, 1, 0, 1})});
}

void ExpectExample(const Imported& data) {
  EXPECT_THAT(data.Values("d"), ElementsAre("1.5", "missing", "missing", "-2"));
  EXPECT_THAT(data.Values("i"), ElementsAre("7", "missing", "9", "7"));
  EXPECT_THAT(data.Values("s"), ElementsAre("u", "v", "missing", "u"));
  EXPECT_THAT(data.Values("b"), ElementsAre("1", "0", "missing", "1"));
  EXPECT_THAT(data.Values("t"), ElementsAre("1.5", "missing", "3", "4.5"));
  EXPECT_THAT(data.Values("c"), ElementsAre("red", "blue", "red", "missing"));
  EXPECT_THAT(data.Targets(), ElementsAre("0", "1", "0", "1"));
}

TEST_F(ImportFormatsTest, ReadsParquet) {
  ASSERT_OK_AND_ASSIGN(const Imported whole, Import({Parquet("a.parquet", Example())}));
  ExpectExample(whole);
  ASSERT_OK_AND_ASSIGN(const Imported groups, Import({Parquet("b.parquet", Example(), 1)}));
  ExpectExample(groups);
  EXPECT_EQ(whole.profile.table_sha256, groups.profile.table_sha256);
  EXPECT_EQ(progress_.back().bytes_read, progress_.back().total_bytes);
}

TEST_F(ImportFormatsTest, ReadsArrowFilesAndStreams) {
  ASSERT_OK_AND_ASSIGN(const Imported file, Import({Ipc("a.arrow", Example(), false)}));
  ExpectExample(file);
  ASSERT_OK_AND_ASSIGN(const Imported stream, Import({Ipc("b", Example(), true)}));
  ExpectExample(stream);
  EXPECT_EQ(file.profile.table_sha256, stream.profile.table_sha256);
}

TEST_F(ImportFormatsTest, IntegersAsCategoriesKeepEveryDigit) {
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("id", arrow::int64()), arrow::field("y", arrow::int64())}),
      {Longs({9007199254740993, 9007199254740992, 9007199254740993}), Longs({0, 1, 0})});
  DatasetSchema schema;
  schema.columns["id"].kind = ColumnRole::kCategorical;
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Parquet("a.parquet", table)}, schema));
  EXPECT_THAT(data.Values("id"),
              ElementsAre("9007199254740993", "9007199254740992", "9007199254740993"));
}

TEST_F(ImportFormatsTest, IgnoredColumnsMayHaveAnyType) {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(lists.Append().ok());
  const auto table = arrow::Table::Make(
      arrow::schema({arrow::field("l", arrow::list(arrow::int64())),
                     arrow::field("x", arrow::float64()), arrow::field("y", arrow::int64())}),
      {lists.Finish().ValueOrDie(), Doubles({1, 2}), Longs({0, 1})});
  const InputFile file = Parquet("a.parquet", table);
  EXPECT_THAT(Refusal({file}), AllOf(HasSubstr("a.parquet: column 'l': values of the type list<"),
                                     HasSubstr("cannot be read")));
  DatasetSchema schema;
  schema.columns["l"].kind = ColumnRole::kIgnore;
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({file}, schema));
  EXPECT_THAT(data.Values("x"), ElementsAre("1", "2"));
}

TEST_F(ImportFormatsTest, DamagedColumnarFilesAreRefused) {
  const InputFile parquet = Parquet("a.parquet", Example());
  WriteBytes(parquet.path, ReadBytes(parquet.path).substr(0, 500));
  EXPECT_THAT(Refusal({parquet}), HasSubstr("a.parquet: "));
  const InputFile ipc = Ipc("a.arrow", Example(), false);
  WriteBytes(ipc.path, ReadBytes(ipc.path).substr(0, 700));
  EXPECT_THAT(Refusal({ipc}), HasSubstr("a.arrow: "));
  EXPECT_THAT(Refusal({Text("b.parquet", "x,y\n1,0\n2,1\n")}),
              HasSubstr("b.parquet: is text, although its name ends in .parquet"));
  EXPECT_THAT(Refusal({Gzip("c.parquet.gz", ReadBytes(Parquet("c.parquet", Example()).path))}),
              HasSubstr("c.parquet.gz: a file of this format cannot be read inside gzip"));
  const auto empty = Example()->Slice(0, 0);
  EXPECT_THAT(Refusal({Parquet("e.parquet", empty)}), HasSubstr("e.parquet: there are no rows"));
}

// As MNIST comes: many numeric columns of which some are constant, ten classes, a test file.
TEST_F(ImportFormatsTest, ReadsImagesAsParquet) {
  const auto make = [](int64_t rows, uint8_t shift) {
    std::vector<std::shared_ptr<arrow::Field>> fields;
    std::vector<std::shared_ptr<arrow::Array>> columns;
    for (int pixel = 0; pixel < 100; ++pixel) {
      arrow::UInt8Builder builder;
      for (int64_t row = 0; row < rows; ++row) {
        const bool is_border = pixel < 10;
        EXPECT_TRUE(
            builder.Append(is_border ? 0 : static_cast<uint8_t>(row * 31 + pixel * 7 + shift))
                .ok());
      }
      fields.push_back(arrow::field("p" + std::to_string(pixel), arrow::uint8()));
      columns.push_back(builder.Finish().ValueOrDie());
    }
    std::vector<std::optional<int64_t>> labels;
    for (int64_t row = 0; row < rows; ++row) labels.push_back(row % 10);
    fields.push_back(arrow::field("label", arrow::int64()));
    columns.push_back(Longs(labels));
    return arrow::Table::Make(arrow::schema(fields), columns);
  };
  InputFile test = Parquet("test.parquet", make(100, 9));
  test.role = FileRole::kTest;
  ASSERT_OK_AND_ASSIGN(const Imported data, Import({Parquet("train.parquet", make(500, 0)), test}));
  EXPECT_EQ(data.profile.rows, 600);
  EXPECT_EQ(data.profile.train_file_rows, 500);
  EXPECT_THAT(data.profile.columns, SizeIs(100));
  EXPECT_EQ(data.profile.target.kind, TargetKind::kMulticlass);
  EXPECT_THAT(data.profile.target.class_counts, Each(60));
  EXPECT_EQ(data.table->numeric(3)[50], static_cast<float>((3 * 31 + 50 * 7) % 256));
  EXPECT_THAT(data.profile.warnings, Contains(HasSubstr("constant: 'p0', 'p1'")));
}

std::string NpyBytes(const std::string& type, const std::string& shape, const std::string& data,
                     const std::string& order = "False") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += std::string("\x01\x00", 2);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  return bytes + header + data;
}

template <typename T>
std::string Raw(const std::vector<T>& values) {
  return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

TEST_F(ImportFormatsTest, ReadsNpyWithLabelsInTheirOwnFile) {
  const std::string matrix = NpyBytes("<f4", "(3, 2)", Raw<float>({1, 2, 3, NAN, 5, 6}));
  const std::vector<InputFile> files = {
      Gzip("X.npy.gz", matrix),
      Gzip("y.npy.gz", NpyBytes("|i1", "(3,)", Raw<int8_t>({-1, 1, -1})), FileRole::kLabels)};
  ASSERT_OK_AND_ASSIGN(const Imported data, Import(files));
  EXPECT_THAT(data.Values("x0"), ElementsAre("1", "3", "5"));
  EXPECT_THAT(data.Values("x1"), ElementsAre("2", "missing", "6"));
  EXPECT_THAT(data.Targets(), ElementsAre("-1", "1", "-1"));
  EXPECT_EQ(data.profile.target.name, "y.npy.gz");
  DatasetSchema schema;
  schema.names = {"a", "b"};
  schema.target.file = "y.npy.gz";
  ASSERT_OK_AND_ASSIGN(const Imported named, Import(files, schema));
  EXPECT_THAT(named.Values("b"), ElementsAre("2", "missing", "6"));
}

TEST_F(ImportFormatsTest, ReadsEveryNumberOfNumpy) {
  const InputFile y =
      Text("y.npy", NpyBytes("|u1", "(2,)", Raw<uint8_t>({0, 1})), FileRole::kLabels);
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"|b1", Raw<uint8_t>({1, 0}), "1"},
      {"|i1", Raw<int8_t>({-7, 0}), "-7"},
      {"<u2", Raw<uint16_t>({60000, 0}), "60000"},
      {"<i4", Raw<int32_t>({-70000, 0}), "-70000"},
      {"<i8", Raw<int64_t>({1 << 24, 0}), "16777216"},
      {"<u8", Raw<uint64_t>({5, 0}), "5"},
      {"<f2", Raw<uint16_t>({0xC100, 0}), "-2.5"},
      {"<f8", Raw<double>({0.25, 0}), "0.25"}};
  for (const auto& [type, bytes, expected] : cases) {
    const InputFile x = Text("X.npy", NpyBytes(type, "(2, 1)", bytes));
    ASSERT_OK_AND_ASSIGN(const Imported data, Import({x, y}));
    EXPECT_EQ(data.Value(0, "x0"), expected) << type;
  }
}

TEST_F(ImportFormatsTest, NpyThatCannotBeRead) {
  const InputFile y =
      Text("y.npy", NpyBytes("|u1", "(2,)", Raw<uint8_t>({0, 1})), FileRole::kLabels);
  const std::string four = Raw<float>({1, 2, 3, 4});
  const auto refusal = [&](const std::string& bytes) { return Refusal({Text("X.npy", bytes), y}); };
  EXPECT_THAT(refusal(NpyBytes("<f4", "(2, 2)", four, "True")), HasSubstr("Fortran order"));
  EXPECT_THAT(refusal(NpyBytes(">f4", "(2, 2)", four)), HasSubstr("little-endian"));
  EXPECT_THAT(refusal(NpyBytes("<U4", "(2, 2)", four)), HasSubstr("elements of the type '<U4'"));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(2, 1, 2)", four)), HasSubstr("one dimension or two"));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(2, 3)", four)),
              HasSubstr("X.npy: the npy file is cut short"));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(0, 3)", "")), HasSubstr("X.npy: there are no rows"));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(x", four)), HasSubstr("X.npy: "));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(3, 1)", Raw<float>({1, 2, 3}))),
              HasSubstr("y.npy: 2 labels, but the tables have more rows"));
  EXPECT_THAT(refusal(NpyBytes("<f4", "(1, 2)", Raw<float>({1, 2}))),
              HasSubstr("y.npy: 2 labels for 1 rows"));
}

// --- real files ------------------------------------------------------------------------------

DatasetSchema AdultSchema() {
  DatasetSchema schema;
  schema.names = {"age",
                  "workclass",
                  "fnlwgt",
                  "education",
                  "education-num",
                  "marital-status",
                  "occupation",
                  "relationship",
                  "race",
                  "sex",
                  "capital-gain",
                  "capital-loss",
                  "hours-per-week",
                  "native-country",
                  "income"};
  schema.comment = "|";
  schema.target.column = "income";
  return schema;
}

void ExpectAdult(const Imported& data) {
  EXPECT_EQ(data.profile.rows, 48842);
  EXPECT_EQ(data.profile.train_file_rows, 32561);
  EXPECT_THAT(data.profile.columns, SizeIs(14));
  EXPECT_THAT(data.profile.target.classes, ElementsAre("<=50K", ">50K"));
  EXPECT_THAT(data.profile.target.class_counts, ElementsAre(37155, 11687));
  EXPECT_EQ(data.profile.columns[data.Column("occupation")].missing, 2809);
  EXPECT_EQ(data.profile.columns[data.Column("occupation")].vocabulary, 15);
  EXPECT_EQ(data.Value(0, "native-country"), "United-States");
  EXPECT_EQ(data.Value(0, "capital-gain"), "2174");
  EXPECT_EQ(data.Value(32561, "age"), "25");
  EXPECT_EQ(data.Value(32561, "education"), "11th");
  EXPECT_EQ(data.Targets()[7], ">50K");
}

TEST_F(ImportFormatsTest, AdultIsReadInItsOriginalForm) {
  WINNOW_REQUIRE_DATA(folder, "adult");
  const std::vector<InputFile> files = {
      {folder + "/adult.data.gz", FileRole::kTrain, "adult.data.gz"},
      {folder + "/adult.test.gz", FileRole::kTest, "adult.test.gz"}};
  DatasetSchema schema = AdultSchema();
  schema.target.kind = TargetKind::kBinary;
  schema.target.positive = {">50K", ">50K."};
  ASSERT_OK_AND_ASSIGN(const Imported declared, Import(files, schema));
  ExpectAdult(declared);
  // The labels that end in a dot are found without being told.
  ASSERT_OK_AND_ASSIGN(const Imported inferred, Import(files, AdultSchema()));
  ExpectAdult(inferred);
  EXPECT_EQ(declared.profile.table_sha256, inferred.profile.table_sha256);
  EXPECT_EQ(declared.profile.split_rows, (SplitCounts{29305, 3256, 16281}));
}

TEST_F(ImportFormatsTest, RawCriteoNeedsNoSchema) {
  WINNOW_REQUIRE_DATA(folder, "criteo_sample");
  ASSERT_OK_AND_ASSIGN(const Imported data,
                       Import({{folder + "/train.txt.gz", FileRole::kTrain, "train.txt.gz"},
                               {folder + "/test.txt.gz", FileRole::kTest, "test.txt.gz"}}));
  EXPECT_EQ(data.profile.rows, 7591);
  EXPECT_THAT(data.profile.columns, SizeIs(39));
  EXPECT_EQ(data.profile.columns[0].name, "I1");
  EXPECT_EQ(data.profile.columns[0].transform, Transform::kCriteoLog2);
  EXPECT_EQ(data.profile.columns[38].name, "C26");
  EXPECT_EQ(data.profile.columns[38].kind, ColumnKind::kCategorical);
  EXPECT_EQ(data.profile.target.name, "label");
  EXPECT_EQ(data.Value(0, "C1"), "68fd1e64");
  EXPECT_EQ(data.Value(0, "I4"), "-2");  // 0
  EXPECT_EQ(data.Value(0, "I12"), "missing");
  EXPECT_FLOAT_EQ(data.table->numeric(0)[4], std::log(1382.0f) * std::log(1382.0f));
}

TEST_F(ImportFormatsTest, MiceProteinHasMissingValues) {
  WINNOW_REQUIRE_DATA(folder, "mice_protein");
  DatasetSchema schema = TargetIs("class");
  for (const char* name : {"Genotype", "Treatment", "Behavior"}) {
    schema.columns[name].kind = ColumnRole::kIgnore;
  }
  ASSERT_OK_AND_ASSIGN(
      const Imported data,
      Import({{folder + "/Data_Cortex_Nuclear.csv.gz", FileRole::kTrain, "m.csv.gz"}}, schema));
  EXPECT_EQ(data.profile.rows, 1080);
  EXPECT_THAT(data.profile.columns, SizeIs(77));
  int64_t missing = 0;
  for (const ColumnProfile& column : data.profile.columns) {
    EXPECT_EQ(column.kind, ColumnKind::kNumeric);
    missing += column.missing;
  }
  EXPECT_EQ(missing, 1396);
  EXPECT_THAT(data.profile.target.class_counts,
              ElementsAre(150, 135, 150, 135, 135, 105, 135, 135));
  EXPECT_THAT(data.profile.warnings,
              Contains(HasSubstr("'MouseID' holds another text in every row")));
}

}  // namespace
}  // namespace winnow::data
