// A pruning run seen from its checkpoints: what a sparse phase leaves alone, what a change of phase
// clears.
#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/checkpoint.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Ne;

struct Grid {
  std::string name;
  int32_t block_rows, block_columns, hidden;
};

// 19 inputs. Blocks of 3 x 5 are cut at both borders; those of 1 x 16 go to the block-sparse
// engine.
const std::vector<Grid> kGrids = {{"borders", 3, 5, 16}, {"sparse_engine", 1, 16, 64}};

class PruningJobTest : public JobTest, public ::testing::WithParamInterface<Grid> {
 protected:
  void SetUpRun(bool reset_optimizer) {
    plan::Spec spec = BlockSpec(0.2);
    auto& task = std::get<plan::BlockPruning>(spec.task);
    task.block_rows = GetParam().block_rows;
    task.block_columns = GetParam().block_columns;
    spec.model.hidden_units = std::vector<int32_t>{GetParam().hidden};
    spec.training.epochs = 20;
    spec.training.weight_decay = 0.5;
    spec.selector.name = "sequential_attention_pp";
    spec.selector.params = {{"cycles", int64_t{2}}, {"reset_optimizer", reset_optimizer}};
    spec.evaluation.controls = std::vector<std::string>{};
    SetUpJob(MakePlanted(TargetKind::kBinary, 700, 4), spec);
  }

  // As the phase `name` begins for the `number`th time.
  Checkpoint AtPhase(const std::string& name, int number) {
    StopToken stop;
    RecordingObserver observer;
    int begun = 0;
    observer.on_event = [&](const JobEvent& event) {
      const auto* phase = std::get_if<PhaseStarted>(&event.body);
      begun += phase != nullptr && phase->name == name ? 1 : 0;
      if (begun == number) stop.Request(StopRequest::kYield);
    };
    const auto outcome = Attempt(NewAttempt(), "", stop, observer);
    EXPECT_OK(outcome);
    EXPECT_EQ(begun, number);
    auto checkpoint = ReadCheckpointFile(observer.last_checkpoint);
    EXPECT_OK(checkpoint);
    return *std::move(checkpoint);
  }
};

TEST_P(PruningJobTest, ASparsePhaseLeavesMaskedWeightsToTheBit) {
  SetUpRun(false);
  const Checkpoint begin = AtPhase("select/sparse", 1), end = AtPhase("select/dense", 2);
  const auto numbers = [](const Checkpoint& checkpoint, const std::string& layer) {
    return *checkpoint.GetVector<float>("stage/network/" + layer + "/weights");
  };
  const auto alive = *begin.GetVector<uint8_t>("stage/selector/alive");
  EXPECT_EQ(std::count(alive.begin(), alive.end(), 1), plan_.max_picks);
  const std::vector<float> before = numbers(begin, "dense_0"), after = numbers(end, "dense_0");
  const BlockGrid& grid = plan_.candidates.grid;
  int64_t frozen = 0, moved = 0, live = 0;
  for (int32_t r = 0; r < grid.rows; ++r) {
    for (int32_t j = 0; j < grid.columns; ++j) {
      const size_t place = static_cast<size_t>(r) * grid.columns + j;
      const int32_t block = r / grid.block_rows * grid.grid_columns() + j / grid.block_columns;
      if (alive[block] == 0) {
        ASSERT_EQ(before[place], after[place]) << r << "," << j;
        ++frozen;
      } else {
        ++live;
        moved += before[place] != after[place] ? 1 : 0;
      }
    }
  }
  EXPECT_GT(frozen, live);
  EXPECT_EQ(moved, live);  // the decay alone moves them
  // The mask is on the named layer alone.
  const std::vector<float> other = numbers(begin, "dense_1"), moved_other = numbers(end, "dense_1");
  for (size_t i = 0; i < other.size(); ++i) EXPECT_NE(other[i], moved_other[i]) << i;
}

TEST_P(PruningJobTest, AChangeOfPhaseClearsTheMomentsWhenAsked) {
  for (const bool reset : {false, true}) {
    SetUpRun(reset);
    for (const char* phase : {"select/sparsification", "select/sparse"}) {
      const Checkpoint checkpoint = AtPhase(phase, 1);
      for (const char* moment : {"stage/optimizer/m", "stage/optimizer/v"}) {
        const auto values = *checkpoint.GetVector<float>(moment);
        if (reset) {
          EXPECT_THAT(values, Each(0.0f)) << phase << " " << moment;
        } else {
          EXPECT_THAT(values, Contains(Ne(0.0f))) << phase << " " << moment;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Grids, PruningJobTest, ::testing::ValuesIn(kGrids),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace winnow::train
