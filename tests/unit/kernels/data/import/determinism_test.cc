// The files of an import depend on the input alone.
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;

class ImportDeterminismTest : public ImportTest {
 protected:
  std::string ImportBytes(const std::vector<InputFile>& files, const DatasetSchema& schema) {
    const auto imported = Import(files, schema);
    EXPECT_OK(imported);
    std::string bytes;
    for (const char* name : {kTableFile, kDictionariesFile, kProfileFile}) {
      bytes += ReadBytes(output_dir_ + "/" + name);
    }
    return bytes;
  }
};

// Numbers with missing values, a long-tailed dictionary, quoted fields with line ends, comments.
std::string Content() {
  RngStream random(11, "test/rows");
  std::string text = "#first\nx,city,note,y\n";
  for (uint64_t i = 0; i < 3000; ++i) {
    const uint64_t u = random.Below(i, 1000);
    text += i % 13 == 0 ? "?" : std::to_string(random.Normal(i));
    text += ",city " + std::to_string(u * u / 3000);
    text += i % 17 == 0 ? ",\"two\nlines, \"\"quoted\"\"\"" : ",plain";
    text += "," + std::to_string(i % 3 == 0) + "\n";
    if (i % 501 == 0) text += "#a comment, with \"odd quotes\n";
  }
  return text;
}

TEST_F(ImportDeterminismTest, BlockSizesChangeNothing) {
  DatasetSchema schema;
  schema.comment = "#";
  schema.columns["city"].min_count = 2;
  const InputFile plain = Text("a.csv", Content());
  const std::string expected = ImportBytes({plain}, schema);
  for (const int64_t block : {1, 2, 3, 7, 64, 1000, 4096, 65536}) {
    options_.block_bytes = block;
    EXPECT_TRUE(ImportBytes({plain}, schema) == expected) << block;
  }
}

TEST_F(ImportDeterminismTest, GzipChangesNothing) {
  DatasetSchema schema;
  schema.comment = "#";
  const std::string expected = ImportBytes({Text("a.csv", Content())}, schema);
  EXPECT_TRUE(ImportBytes({Gzip("a.csv", Content())}, schema) == expected);
}

TEST_F(ImportDeterminismTest, TheOrderOfRowsDoesNotChangeTheDictionary) {
  const InputFile forward = Text("a.csv", "c,y\nb,0\na,1\nc,0\nc,1\na,0\nb,1\nd,1\n");
  const InputFile backward = Text("b.csv", "c,y\nd,1\nb,1\na,0\nc,1\nc,0\na,1\nb,0\n");
  ASSERT_OK_AND_ASSIGN(const Imported first, Import({forward}));
  const std::string dictionaries = ReadBytes(output_dir_ + "/" + kDictionariesFile);
  ASSERT_OK_AND_ASSIGN(const Imported second, Import({backward}));
  EXPECT_EQ(ReadBytes(output_dir_ + "/" + kDictionariesFile), dictionaries);
  EXPECT_THAT(second.Values("c"), ElementsAre("d", "b", "a", "c", "c", "a", "b"));
}

}  // namespace
}  // namespace winnow::data
