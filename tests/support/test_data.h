// Where tests find the real data sets that are not part of the repository.
//
//   TEST(Mnist, ReadsAllRows) {
//     WINNOW_REQUIRE_DATA(folder, "mnist");     // skips the test where it is absent
//     ... ReadTable(folder + "/train.parquet") ...
//   }
#ifndef WINNOW_TESTS_SUPPORT_TEST_DATA_H_
#define WINNOW_TESTS_SUPPORT_TEST_DATA_H_

#include <string>

#include "gtest/gtest.h"

namespace winnow::test {

// The folder of the data sets: environment variable WINNOW_DATA, else ../shared/data relative to
// the root of the repository, where ctest starts the tests.
std::string DataRoot();

// The path of a file or folder below DataRoot(), or "" if there is none.
std::string FindData(const std::string& name);

// The path of a small file that is part of the repository, in tests/data.
std::string BundledData(const std::string& name);

// Why a test of this data set is skipped.
std::string MissingDataMessage(const std::string& name);

}  // namespace winnow::test

// Declares std::string `variable` as the path of the data set `name`; skips the test where it is
// absent.
#define WINNOW_REQUIRE_DATA(variable, name)                    \
  const std::string variable = ::winnow::test::FindData(name); \
  if (variable.empty()) GTEST_SKIP() << ::winnow::test::MissingDataMessage(name)

#endif  // WINNOW_TESTS_SUPPORT_TEST_DATA_H_
