// A copy of columns gives the bytes that the table gives.
#include "kernels/train/compact_columns.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <optional>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/ops/threading.h"
#include "kernels/train/job_context.h"
#include "kernels/train/subset.h"
#include "kernels/train/table_source.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

struct Rows {
  std::vector<float> dense, target, weight;
  std::vector<int32_t> codes;
  bool operator==(const Rows& other) const {
    const auto same = [](const auto& a, const auto& b) {
      return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * 4) == 0;
    };
    return same(dense, other.dense) && same(target, other.target) && same(weight, other.weight) &&
           same(codes, other.codes);
  }
};

class CompactColumnsTest : public JobTest, public ::testing::WithParamInterface<TargetKind> {
 protected:
  void SetUp() override {
    PlantedTable table = MakePlanted(GetParam(), 9000, 3);
    for (size_t i = 0; i < table.target.size(); ++i) {
      table.weight.push_back(0.5f + static_cast<float>(i % 7));
    }
    SetUpJob(table, FeatureSpec(3));
    packed_.emplace(*data::PackedTable::Open(folder_ / "dataset" / "table.bin"));
    table_.emplace(*data::TrainingTable::Create(&*packed_, profile_, *plan_.spec.split));
    context_ = {.plan = &plan_, .table = &*table_, .pool = &pool_, .stop = &stop_};
    context_.loss = nn::LossFor(profile_.target.kind);
    context_.mean_weight = MeanWeight(*packed_, table_->train_rows());
  }
  plan::ModelShape ShapeOf(const std::vector<int32_t>& columns) const {
    return SubsetShape(plan_.model, plan_.candidates, columns);
  }
  Rows Read(const plan::ModelShape& shape, const CompactColumns* compact) const {
    JobContext context = context_;
    context.compact = compact;
    TableSource source(context, shape);
    std::vector<uint32_t> order(packed_->rows());
    std::iota(order.begin(), order.end(), 0u);
    std::reverse(order.begin(), order.end());
    source.SetRows(order);
    Rows rows;
    const size_t n = order.size(), width = source.gather().dense_width();
    rows.dense.resize(n * (width + 3));
    rows.codes.resize(n * source.gather().num_categorical());
    rows.target.resize(n);
    rows.weight.resize(n);
    // From row 100 on, as a block of a batch.
    source.Fill(100, static_cast<int64_t>(n), 0,
                {.dense = rows.dense.data(),
                 .dense_stride = static_cast<int64_t>(width + 3),
                 .codes = rows.codes.data(),
                 .target = rows.target.data(),
                 .weight = rows.weight.data()});
    return rows;
  }

  std::optional<data::PackedTable> packed_;
  std::optional<data::TrainingTable> table_;
  ShardPool pool_{3, ops::UseOneThread};
  StopToken stop_;
  JobContext context_;
};

TEST_P(CompactColumnsTest, EveryViewHasTheBytesOfTheTable) {
  // n9 has a missing indicator; 10 and 11 are categorical.
  const std::vector<int32_t> copied = {0, 2, 5, 9, 10, 11};
  ASSERT_OK_AND_ASSIGN(const auto compact, CompactColumns::Create(context_, ShapeOf(copied)));
  for (const std::vector<int32_t>& wanted :
       std::vector<std::vector<int32_t>>{copied, {9}, {0, 5}, {11}, {2, 9, 11}, {5, 10, 11}}) {
    const plan::ModelShape shape = ShapeOf(wanted);
    ASSERT_TRUE(compact->ViewOf(shape).has_value());
    EXPECT_EQ(Read(shape, compact.get()), Read(shape, nullptr));
  }
}

TEST_P(CompactColumnsTest, AColumnThatIsNotCopiedIsReadFromTheTable) {
  ASSERT_OK_AND_ASSIGN(const auto compact, CompactColumns::Create(context_, ShapeOf({0, 2})));
  const plan::ModelShape shape = ShapeOf({0, 1});
  EXPECT_FALSE(compact->ViewOf(shape).has_value());
  EXPECT_EQ(Read(shape, compact.get()), Read(shape, nullptr));
}

TEST_P(CompactColumnsTest, PaysForSeveralPassesAndFewBytes) {
  const plan::ModelShape shape = ShapeOf({0, 1, 2});
  EXPECT_TRUE(CompactColumns::Pays(*packed_, shape, 2 * 9000));
  EXPECT_FALSE(CompactColumns::Pays(*packed_, shape, 2 * 9000 - 1));
  plan::ModelShape wide = shape;
  wide.fields[0].rows = 2000;  // 9,000 rows of 8,000 bytes are more than 64 MiB
  EXPECT_FALSE(CompactColumns::Pays(*packed_, wide, 2 * 9000));
}

INSTANTIATE_TEST_SUITE_P(Targets, CompactColumnsTest,
                         ::testing::Values(TargetKind::kBinary, TargetKind::kMulticlass,
                                           TargetKind::kRegression));

}  // namespace
}  // namespace winnow::train
