#include "tests/support/test_data.h"

#include <cstdlib>
#include <fstream>
#include <string>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace winnow::test {
namespace {

class TestDataTest : public ::testing::Test {
 protected:
  TestDataTest() {
    const char* before = std::getenv("WINNOW_DATA");
    before_ = before == nullptr ? "" : before;
    ::setenv("WINNOW_DATA", folder_.path().c_str(), /*overwrite=*/1);
  }
  ~TestDataTest() override {
    if (before_.empty()) {
      ::unsetenv("WINNOW_DATA");
    } else {
      ::setenv("WINNOW_DATA", before_.c_str(), /*overwrite=*/1);
    }
  }

  TempDir folder_;
  std::string before_;
};

TEST_F(TestDataTest, FindsWhatIsThere) {
  std::ofstream(folder_.File("a.csv")) << "x\n1\n";
  EXPECT_EQ(FindData("a.csv"), folder_.File("a.csv"));
}

TEST_F(TestDataTest, FindsNothingAndSaysWhereItLooked) {
  EXPECT_EQ(FindData("b.csv"), "");
  EXPECT_EQ(MissingDataMessage("b.csv"), "data set b.csv is not in " + folder_.path() +
                                             "; set WINNOW_DATA to the folder that holds it");
}

}  // namespace
}  // namespace winnow::test
