// What a worker writes, with every file call failing in turn: checkpoints and an imported table.
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "kernels/base/checkpoint.h"
#include "kernels/data/dictionary.h"
#include "kernels/data/import/import.h"
#include "kernels/data/packed_table.h"
#include "tests/faults/fault_loop.h"

namespace winnow::faults {
namespace {

namespace fs = std::filesystem;

constexpr Fault kFaults[] = {Fault::kNoSpace, Fault::kInputOutput, Fault::kShortWrite,
                             Fault::kDeath};

int Temporaries(const std::string& folder) {
  int count = 0;
  for (const auto& entry : fs::directory_iterator(folder)) {
    count += entry.path().extension() == ".tmp";
  }
  return count;
}

// --- checkpoints: two files, each written twice ---

Checkpoint MakeCheckpoint(int version) {
  Checkpoint checkpoint;
  checkpoint.plan_version = 1;
  checkpoint.PutValue("version", version);
  checkpoint.Put("weights", std::string(10000, static_cast<char>('a' + version)));
  return checkpoint;
}

void WriteCheckpoints(const std::string& folder, const Acknowledge& acknowledge) {
  for (int version = 1; version <= 4; ++version) {
    const std::string name = absl::StrCat(version % 2, ".ckpt");
    if (!WriteCheckpointFile(folder + "/" + name, MakeCheckpoint(version)).ok()) return;
    acknowledge(absl::StrCat(version));
  }
}

void CheckCheckpoints(const std::string& folder, const std::set<std::string>& acknowledged,
                      bool died) {
  for (int place = 0; place < 2; ++place) {
    int newest = 0;
    for (int version = 2 - place; version <= 4; version += 2) {
      if (acknowledged.count(absl::StrCat(version)) > 0) newest = version;
    }
    const auto read = ReadCheckpointFile(absl::StrCat(folder, "/", place, ".ckpt"));
    if (!read.ok()) {
      EXPECT_TRUE(absl::IsNotFound(read.status())) << read.status();
      EXPECT_EQ(newest, 0) << "an acknowledged checkpoint is gone";
      continue;
    }
    const auto version = read->GetValue<int>("version");
    ASSERT_TRUE(version.ok());
    EXPECT_GE(*version, newest);
    EXPECT_EQ(read->sections(), MakeCheckpoint(*version).sections());
  }
  if (!died) {
    EXPECT_EQ(Temporaries(folder), 0);
  }
}

TEST(KernelFaultsTest, CheckpointsAreWholeOrAbsent) {
  const Scenario scenario{nullptr, WriteCheckpoints, CheckCheckpoints};
  for (const Fault fault : kFaults) {
    // Four files of open, write, fsync, rename, open and fsync of the folder.
    EXPECT_EQ(RunLoop(scenario, fault), fault == Fault::kShortWrite ? 4 : 24) << FaultName(fault);
  }
}

// --- an import ---

constexpr int kRows = 300;

void WriteTable(const std::string& folder) {
  fs::create_directory(folder + "/out");
  std::ofstream file(folder + "/t.csv");
  file << "age,city,label\n";
  for (int row = 0; row < kRows; ++row) {
    file << row % 90 << ".5,town" << row % 7 << "," << row % 2 << "\n";
  }
}

void ImportTable(const std::string& folder, const Acknowledge& acknowledge) {
  data::InputFile input;
  input.path = folder + "/t.csv";
  const auto profile =
      data::ImportDataset(data::DatasetSchema(), {input}, folder + "/out", {}, StopToken());
  if (profile.ok()) acknowledge(profile->table_sha256);
}

void CheckTable(const std::string& folder, const std::set<std::string>& acknowledged, bool died) {
  const std::string out = folder + "/out/";
  if (acknowledged.empty() && !died) {
    EXPECT_TRUE(fs::is_empty(out)) << "a failed import leaves something";
  }
  if (!fs::exists(out + data::kProfileFile)) {
    EXPECT_TRUE(acknowledged.empty()) << "an acknowledged import is gone";
    return;
  }
  // The profile comes last: where it is, everything is.
  std::ifstream file(out + data::kProfileFile);
  const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
  ASSERT_FALSE(json.is_discarded()) << "the profile is torn";
  const auto profile = DatasetProfileFromJson(json);
  ASSERT_TRUE(profile.ok()) << profile.status();
  EXPECT_EQ(profile->rows, kRows);
  const auto table = data::PackedTable::Open(out + data::kTableFile);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_TRUE(table->VerifyContent(*profile).ok());
  EXPECT_TRUE(data::ReadDictionaries(out + data::kDictionariesFile).ok());
}

TEST(KernelFaultsTest, AnImportIsWholeOrAbsent) {
  const Scenario scenario{WriteTable, ImportTable, CheckTable};
  for (const Fault fault : kFaults) {
    EXPECT_GT(RunLoop(scenario, fault), fault == Fault::kShortWrite ? 3 : 14) << FaultName(fault);
  }
}

}  // namespace
}  // namespace winnow::faults
