// Whatever a file holds, an import ends with a table or with a refusal.
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/unit/kernels/data/import/import_testing.h"

namespace winnow::data {
namespace {

class DamagedInputTest : public ImportTest {
 protected:
  // Imports `content` with some bytes replaced, removed or doubled, many times over.
  void Damage(const std::string& name, const std::string& content, FileRole role,
              const std::vector<InputFile>& others) {
    RngStream random(17, "test/damage");
    uint64_t at = 0;
    int refused = 0;
    for (int round = 0; round < 80; ++round) {
      std::string bad = content;
      for (uint64_t changes = 1 + random.Below(at++, 4); changes > 0 && !bad.empty(); --changes) {
        const size_t position = random.Below(at++, bad.size());
        const uint64_t kind = random.Below(at++, 4);
        if (kind == 0) bad.erase(position, 1 + random.Below(at++, 9));
        if (kind == 1) bad.insert(position, bad.substr(position, 1 + random.Below(at++, 9)));
        if (kind >= 2) bad[position] = static_cast<char>(random.Below(at++, 256));
      }
      std::vector<InputFile> files = others;
      files.push_back(Text(name, bad, role));
      options_.block_bytes = static_cast<int64_t>(1 + random.Below(at++, 200));
      const auto imported = Import(files);
      if (imported.ok()) continue;
      ++refused;
      EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument) << imported.status();
      EXPECT_TRUE(std::filesystem::is_empty(output_dir_));
    }
    EXPECT_GT(refused, 0);
  }
};

TEST_F(DamagedInputTest, Csv) {
  std::string content = "x,c,y\r\n";
  for (int i = 0; i < 40; ++i) {
    content += std::to_string(i * i) + ",\"v, " + std::to_string(i % 5) + "\"," +
               std::to_string(i % 2) + "\r\n";
  }
  Damage("a.csv", content, FileRole::kTrain, {});
  Damage("a.csv.gz", GzipBytes(content), FileRole::kTrain, {});
}

TEST_F(DamagedInputTest, Npy) {
  std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (30, 2), }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  std::string matrix = std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) +
                       static_cast<char>(0) + header;
  for (int i = 0; i < 60; ++i) {
    const auto value = static_cast<float>(i * i);
    matrix.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  std::string labels =
      matrix.substr(0, 10) + "{'descr': '|u1', 'fortran_order': False, 'shape': (30,), }";
  labels.resize(10 + header.size() - 1, ' ');
  labels += '\n';
  for (int i = 0; i < 30; ++i) labels += static_cast<char>(i % 2);
  Damage("X.npy", matrix, FileRole::kTrain, {Text("y.npy", labels, FileRole::kLabels)});
  Damage("y.npy", labels, FileRole::kLabels, {Text("X.npy", matrix)});
}

}  // namespace
}  // namespace winnow::data
