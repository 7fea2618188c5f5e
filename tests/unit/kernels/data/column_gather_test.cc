#include "kernels/data/column_gather.h"

#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"

namespace winnow::data {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

// Columns: 0 numeric, 1 categorical, 2 numeric with missing values, 3 numeric with cut points,
// 4 categorical, 5 numeric.
class ColumnGatherTest : public ::testing::Test {
 protected:
  static constexpr int kRows = 40;

  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) /
              ("column_gather_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder_);
    profile_.rows = profile_.train_file_rows = kRows;
    for (int j = 0; j < 6; ++j) {
      ColumnProfile column;
      column.name = "c" + std::to_string(j);
      if (j == 1 || j == 4) {
        column.kind = ColumnKind::kCategorical;
        column.vocabulary = 6;
        column.min_count = j == 4 ? 4 : 1;
      }
      if (j == 2) column.missing = 8;
      if (j == 3) column.transform = Transform::kQuantile;
      profile_.columns.push_back(column);
    }
    profile_.target.classes = {"0", "1"};
    profile_.target.class_counts = {20, 20};
    PackedShape shape;
    shape.rows = kRows;
    shape.num_numeric = 4;
    shape.num_categorical = 2;
    std::ofstream file(folder_ / "table.bin", std::ios::binary);
    file << EncodePackedHeader(shape);
    for (int row = 0; row < kRows; ++row) {
      const float numeric[] = {static_cast<float>(row), row % 5 == 0 ? NAN : 0.5f * row,
                               static_cast<float>(row * row % 17), 3.0f - row};
      const int32_t codes[] = {1 + row % 5, row < 3 ? 5 : 1 + row % 4};
      const float target = static_cast<float>(row % 2);
      file.write(reinterpret_cast<const char*>(numeric), sizeof(numeric));
      file.write(reinterpret_cast<const char*>(codes), sizeof(codes));
      file.write(reinterpret_cast<const char*>(&target), sizeof(target));
    }
    file.close();
    auto packed = PackedTable::Open(folder_ / "table.bin");
    ASSERT_OK(packed);
    packed_.emplace(*std::move(packed));
    auto table = TrainingTable::Create(&*packed_, profile_, profile_.split);
    ASSERT_OK(table);
    table_.emplace(*std::move(table));
    for (uint32_t row = 0; row < kRows; ++row) rows_.push_back((row * 7) % kRows);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  DatasetProfile profile_;
  std::optional<PackedTable> packed_;
  std::optional<TrainingTable> table_;
  std::vector<uint32_t> rows_;
};

TEST_F(ColumnGatherTest, ValuesAreThoseOfTheWholeTable) {
  const int32_t width = table_->layout().dense_width;
  std::vector<float> dense(kRows * width), target(kRows), weight(kRows);
  std::vector<int32_t> codes(kRows * 2);
  table_->Gather(rows_, dense.data(), width, codes.data(), target.data(), weight.data());

  const std::vector<std::vector<int32_t>> choices = {
      {0}, {1}, {2, 3}, {0, 2, 4}, {0, 1, 2, 3, 4, 5}};
  for (const std::vector<int32_t>& choice : choices) {
    const ColumnGather some(*table_, choice);
    const int64_t stride = some.dense_width() + 3;
    std::vector<float> some_dense(kRows * stride), some_target(kRows), some_weight(kRows);
    std::vector<int32_t> some_codes(kRows * some.num_categorical());
    some.Gather(rows_, some_dense.data(), stride, some_codes.data(), some_target.data(),
                some_weight.data());
    EXPECT_EQ(some_target, target);
    EXPECT_EQ(some_weight, weight);
    for (int i = 0; i < kRows; ++i) {
      int at = 0, slot = 0;
      for (const int32_t column : choice) {
        const FeatureLayout& feature = table_->layout().features[column];
        if (feature.categorical) {
          EXPECT_EQ(some_codes[i * some.num_categorical() + slot++],
                    codes[i * 2 + feature.code_slot]);
          continue;
        }
        EXPECT_EQ(some_dense[i * stride + at++], dense[i * width + feature.value_offset]);
        if (feature.indicator_offset >= 0) {
          EXPECT_EQ(some_dense[i * stride + at++], dense[i * width + feature.indicator_offset]);
        }
      }
    }
  }
}

TEST_F(ColumnGatherTest, StatisticsFollowTheColumns) {
  const ColumnGather some(*table_, std::vector<int32_t>{2, 4, 5});
  EXPECT_EQ(some.dense_width(), 3);
  EXPECT_THAT(some.DenseRms(),
              ElementsAre(table_->dense_rms()[1], table_->dense_rms()[2], table_->dense_rms()[4]));
  ASSERT_THAT(some.CodeCounts(), SizeIs(1));
  EXPECT_EQ(some.CodeCounts()[0].data(), table_->code_counts(1).data());
}

TEST_F(ColumnGatherTest, NullOutputsAreLeftOut) {
  const ColumnGather some(*table_, std::vector<int32_t>{0, 1});
  std::vector<float> target(kRows);
  some.Gather(rows_, nullptr, 0, nullptr, target.data(), nullptr);
  EXPECT_EQ(target[1], static_cast<float>(rows_[1] % 2));
}

}  // namespace
}  // namespace winnow::data
