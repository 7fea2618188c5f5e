// Imports of small files, and what came out of them in words.
#ifndef WINNOW_TESTS_UNIT_KERNELS_DATA_IMPORT_IMPORT_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_DATA_IMPORT_IMPORT_TESTING_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/dictionary.h"
#include "kernels/data/import/import.h"
#include "kernels/data/packed_table.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::data {

// A finished import.
struct Imported {
  DatasetProfile profile;
  std::unique_ptr<PackedTable> table;
  std::vector<Dictionary> dictionaries;

  // Position in profile.columns; fails the test when there is none.
  int32_t Column(const std::string& name) const;
  // A value as text: a number, the text behind a code, "missing" for NaN and code 0.
  std::string Value(int64_t row, const std::string& column) const;
  // All values of a column.
  std::vector<std::string> Values(const std::string& column) const;
  // Names of the classes, or the numbers, of all rows.
  std::vector<std::string> Targets() const;
};

class ImportTest : public ::testing::Test {
 protected:
  // Writes a file and returns it as a training file of that declared name.
  InputFile Text(const std::string& name, const std::string& content,
                 FileRole role = FileRole::kTrain);
  InputFile Gzip(const std::string& name, const std::string& content,
                 FileRole role = FileRole::kTrain);

  // Imports into a folder of its own, out/<n>.
  absl::StatusOr<Imported> Import(const std::vector<InputFile>& files,
                                  const DatasetSchema& schema = {});
  // The message of an import that is refused with INVALID_ARGUMENT and leaves nothing behind.
  std::string Refusal(const std::vector<InputFile>& files, const DatasetSchema& schema = {});

  ::winnow::test::TempDir dir_;
  ImportOptions options_;
  StopToken stop_;
  std::vector<ImportProgress> progress_;
  std::string output_dir_;  // of the last import
  int imports_ = 0;
};

// Bytes of a file, gzip-compressed.
std::string GzipBytes(const std::string& content);
std::string ReadBytes(const std::string& path);
void WriteBytes(const std::string& path, const std::string& bytes);

// "y" last, of two classes, so that most tests need no schema.
DatasetSchema TargetIs(const std::string& column, std::optional<TargetKind> kind = std::nullopt);

}  // namespace winnow::data

#endif  // WINNOW_TESTS_UNIT_KERNELS_DATA_IMPORT_IMPORT_TESTING_H_
