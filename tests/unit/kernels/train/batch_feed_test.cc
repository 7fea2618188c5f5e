#include "kernels/train/batch_feed.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/ops/threading.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

constexpr int64_t kBatch = 64;

// All that a step reads of a batch.
struct Inputs {
  std::vector<float> dense, target, weight;
  std::vector<int32_t> codes;

  bool operator==(const Inputs&) const = default;
};

class BatchFeedTest : public JobTest {
 protected:
  void SetUpTable(TargetKind kind, bool with_weights) {
    PlantedTable table = MakePlanted(kind, 1000, 8);
    for (size_t i = 0; with_weights && i < table.target.size(); ++i) {
      table.weight.push_back(1.0f + static_cast<float>(i % 3));
    }
    SetUpJob(table, FeatureSpec(3));
    auto packed = data::PackedTable::Open(folder_ / "dataset" / "table.bin");
    ASSERT_OK(packed);
    packed_.emplace(*std::move(packed));
    auto opened = data::TrainingTable::Create(&*packed_, profile_, profile_.split);
    ASSERT_OK(opened);
    table_.emplace(*std::move(opened));
    context_.plan = &plan_;
    context_.table = &*table_;
    context_.loss = nn::LossFor(kind);
    context_.mean_weight = with_weights ? 2.0 : 1.0;
  }

  BatchFeed Feed(BatchFeed::Mode mode) {
    return BatchFeed(context_, plan_.model, "test", kBatch, mode);
  }

  // The batch of a step, filled in row blocks by three threads.
  Inputs Read(BatchFeed& feed, int64_t step) {
    const absl::StatusOr<int32_t> rows = feed.Load(step);
    EXPECT_OK(rows);
    const int64_t width = plan_.model.dense_width, stride = width + 3;
    const int64_t slots = std::count_if(plan_.model.fields.begin(), plan_.model.fields.end(),
                                        [](const auto& field) { return field.categorical; });
    Inputs in;
    in.dense.assign(static_cast<size_t>(*rows * stride), -7.0f);
    in.codes.resize(static_cast<size_t>(*rows * slots));
    in.target.resize(static_cast<size_t>(*rows));
    in.weight.resize(static_cast<size_t>(*rows));
    pool_.Run(static_cast<int>((*rows + 15) / 16), [&](int block, int thread) {
      const int64_t begin = block * 16, end = std::min<int64_t>(begin + 16, *rows);
      feed.Fill(begin, end, thread,
                {.dense = in.dense.data() + begin * stride,
                 .dense_stride = stride,
                 .codes = in.codes.data() + begin * slots,
                 .target = in.target.data() + begin,
                 .weight = in.weight.data() + begin});
    });
    return in;
  }

  ShardPool pool_{3, ops::UseOneThread};
  JobContext context_;
  std::optional<data::PackedTable> packed_;
  std::optional<data::TrainingTable> table_;
};

TEST_F(BatchFeedTest, AheadGivesTheBytesOfDirect) {
  for (const TargetKind kind : {TargetKind::kBinary, TargetKind::kRegression}) {
    SetUpTable(kind, /*with_weights=*/kind == TargetKind::kRegression);
    BatchFeed direct = Feed(BatchFeed::Mode::kDirect), ahead = Feed(BatchFeed::Mode::kAhead);
    EXPECT_EQ(ahead.batch_size(), direct.batch_size());
    EXPECT_EQ(ahead.steps_per_epoch(), direct.steps_per_epoch());
    // Two epochs and a bit; the last batch of an epoch is short.
    for (int64_t step = 0; step < 2 * direct.steps_per_epoch() + 3; ++step) {
      ASSERT_EQ(Read(ahead, step), Read(direct, step)) << step;
    }
  }
}

TEST_F(BatchFeedTest, StepsMayBeAskedForInAnyOrder) {
  SetUpTable(TargetKind::kBinary, /*with_weights=*/true);
  BatchFeed direct = Feed(BatchFeed::Mode::kDirect), ahead = Feed(BatchFeed::Mode::kAhead);
  for (const int64_t step : {41, 42, 42, 3, 2, 2, 3, 1000, 0, 1}) {
    ASSERT_EQ(Read(ahead, step), Read(direct, step)) << step;
  }
}

TEST_F(BatchFeedTest, EndsAtAnyMoment) {
  SetUpTable(TargetKind::kBinary, /*with_weights=*/false);
  for (int64_t steps = 0; steps < 200; ++steps) {
    BatchFeed feed = Feed(BatchFeed::Mode::kAhead);
    for (int64_t step = 0; step < steps % 4; ++step) ASSERT_OK(feed.Load(step));
  }
}

}  // namespace
}  // namespace winnow::train
