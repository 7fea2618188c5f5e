// evaluation.repeats: selections with seeds of their own beside the one that is the result.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/export/selection_json.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<int32_t> Selected(const Selection& selection) {
  std::vector<int32_t> selected;
  for (const Pick& pick : selection.picks) selected.push_back(pick.candidate);
  return selected;
}

class RepeatsTest : public JobTest, public ::testing::WithParamInterface<std::string> {
 protected:
  static plan::Spec SpecOf(const std::string& task) {
    plan::Spec spec = task == "blocks"       ? BlockSpec(0.3)
                      : task == "dimensions" ? DimensionSpec(150)
                                             : FeatureSpec(4);
    if (task == "oversampled") spec.selector.params["oversample"] = 1.5;
    return spec;
  }
  void SetUpSeed(uint64_t seed, int32_t repeats) {
    plan::Spec spec = SpecOf(GetParam());
    spec.training.seed = seed;
    spec.evaluation.repeats = repeats;
    spec.evaluation.controls = std::vector<std::string>{"random"};
    SetUpJob(MakePlanted(TargetKind::kBinary, 700, 2), spec);
  }
};

TEST_P(RepeatsTest, EveryRepeatSelectsAsAJobOfItsSeed) {
  SetUpSeed(5, 3);
  RecordingObserver observer;
  const JobOutcome repeated = RunToEnd(observer);
  ASSERT_TRUE(repeated.selection.repeats.has_value());
  const Repeats& repeats = *repeated.selection.repeats;
  ASSERT_THAT(repeats.selections, SizeIs(3));
  for (const uint64_t r : {0u, 1u, 2u}) {
    SetUpSeed(5 + r, 1);
    RecordingObserver alone;
    const JobOutcome job = RunToEnd(alone);
    EXPECT_FALSE(job.selection.repeats.has_value());
    EXPECT_EQ(repeats.selections[r].seed, 5 + r);
    EXPECT_EQ(repeats.selections[r].selected, Selected(job.selection));
    if (r > 0) continue;
    // The result is that of repeat 0, to the byte.
    EXPECT_EQ(BytesOf(repeated, {}).weights, BytesOf(job, {}).weights);
    EXPECT_EQ(exporting::SplitMetricsJson(repeated.selection.metrics).dump(),
              exporting::SplitMetricsJson(job.selection.metrics).dump());
    EXPECT_EQ(exporting::SplitMetricsJson(repeated.selection.controls.at("random")).dump(),
              exporting::SplitMetricsJson(job.selection.controls.at("random")).dump());
  }
}

TEST_P(RepeatsTest, FrequenciesCountTheSelections) {
  SetUpSeed(5, 4);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  const Repeats& repeats = *selection.repeats;
  std::vector<int32_t> times(selection.candidates, 0);
  for (const RepeatedSelection& repeat : repeats.selections) {
    EXPECT_EQ(std::set<int32_t>(repeat.selected.begin(), repeat.selected.end()).size(),
              repeat.selected.size());
    for (const int32_t candidate : repeat.selected) ++times[candidate];
  }
  EXPECT_EQ(repeats.times, times);
  EXPECT_LE(*repeats.jaccard, 1.0);
  EXPECT_GT(*repeats.kuncheva, 0.0);
  const auto json = exporting::SelectionJson(selection)["repeats"];
  EXPECT_EQ(json["count"], 4);
  EXPECT_EQ(json["selections"][3]["seed"], 8);
  EXPECT_EQ(json["frequency"][0]["times"], *std::max_element(times.begin(), times.end()));
}

TEST_P(RepeatsTest, EventsAndProgressTellTheRepeat) {
  SetUpSeed(5, 3);
  RecordingObserver observer;
  RunToEnd(observer);
  std::vector<int32_t> begun;  // repeats whose selection began, in order
  std::vector<std::vector<int32_t>> picks(3);
  for (const JobEvent& event : observer.events) {
    if (const auto* phase = std::get_if<PhaseStarted>(&event.body)) {
      if (phase->name.rfind("select", 0) == 0 && phase->steps > 0) begun.push_back(phase->repeat);
    } else if (const auto* pick = std::get_if<PickMade>(&event.body)) {
      picks[pick->repeat].push_back(pick->pick.candidate);
      EXPECT_EQ(pick->rank, static_cast<int32_t>(picks[pick->repeat].size()));
    }
  }
  EXPECT_THAT(begun, ElementsAre(0, 1, 2));
  EXPECT_EQ(picks[1].size(), picks[0].size());
  EXPECT_EQ(picks[2].size(), picks[0].size());
  double before = 0;
  for (const Progress& note : observer.progress) {
    EXPECT_GE(note.fraction, before);
    EXPECT_LE(note.step, note.total_steps);
    before = note.fraction;
  }
  EXPECT_NEAR(before, 1.0, 0.05);  // pruning may end a round early
}

// Repeats that go on side by side are complete at the same time; alone the first is done before the
// second begins.
TEST_P(RepeatsTest, AStopKeepsTheRepeatsThatAreComplete) {
  SetUpSeed(5, 4);
  for (const bool side_by_side : {true, false}) {
    StopToken stop;
    RecordingObserver observer;
    observer.on_event = [&](const JobEvent& event) {
      const auto* phase = std::get_if<PhaseStarted>(&event.body);
      if (phase != nullptr && phase->repeat == 2) stop.Request(StopRequest::kStop);
    };
    ASSERT_OK_AND_ASSIGN(const JobOutcome outcome,
                         Attempt(NewAttempt({.side_by_side = side_by_side}), "", stop, observer));
    EXPECT_TRUE(outcome.selection.stopped_early);
    EXPECT_THAT(outcome.selection.repeats->selections, SizeIs(side_by_side ? 1 : 2));
    EXPECT_EQ(outcome.selection.repeats->jaccard.has_value(), !side_by_side);
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, RepeatsTest,
                         ::testing::Values("features", "oversampled", "dimensions", "blocks"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace winnow::train
