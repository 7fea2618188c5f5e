#include "kernels/train/checkpoint_keeper.h"

#include <filesystem>

#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::train {
namespace {

TEST(CheckpointKeeperTest, TheLastTwoFilesStay) {
  const test::TempDir folder;
  CheckpointKeeper keeper(folder.path(), 0, 1);
  for (int64_t number = 1; number <= 4; ++number) {
    Checkpoint checkpoint;
    checkpoint.PutValue("number", number);
    ASSERT_OK_AND_ASSIGN(const std::string path, keeper.Write(number, checkpoint));
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, ReadCheckpointFile(path));
    EXPECT_EQ(*read.GetValue<int64_t>("number"), number);
  }
  int files = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    ++files;
  }
  EXPECT_EQ(files, 2);
}

TEST(CheckpointKeeperTest, WhatCostsMuchIsDueSeldom) {
  const test::TempDir folder;
  CheckpointKeeper keeper(folder.path(), 0, 0.05);
  EXPECT_TRUE(keeper.due());
  keeper.CountCost(3600);  // 19 hours of work to come
  EXPECT_FALSE(keeper.due());
  keeper.CountCost(0);
  EXPECT_TRUE(keeper.due());
}

}  // namespace
}  // namespace winnow::train
