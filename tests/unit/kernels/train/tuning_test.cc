// sequential_attention.tune_weight_decay: one selection a value, the best after retraining is kept.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <variant>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "kernels/export/selection_json.h"
#include "kernels/selectors/sequential_attention.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

constexpr double kTuned = -1;

std::string Content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in.good()) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

class TuningTest : public JobTest {
 protected:
  // Tuned, or with one value.
  static plan::Spec SpecOf(double weight_decay, int k) {
    plan::Spec spec = FeatureSpec(k);
    if (weight_decay == kTuned) {
      spec.selector.params["tune_weight_decay"] = true;
    } else {
      spec.selector.params["weight_decay"] = weight_decay;
    }
    spec.evaluation.controls = std::vector<std::string>{"random"};
    return spec;
  }
  void SetUpWith(double weight_decay) {
    plan::Spec spec = SpecOf(weight_decay, 2);
    spec.selector.params["oversample"] = 2.0;
    SetUpJob(MakePlanted(TargetKind::kBinary, 500, 7), spec);
  }
};

TEST_F(TuningTest, TheResultIsThatOfTheBestValue) {
  SetUpWith(kTuned);
  RecordingObserver observer;
  const JobOutcome tuned = RunToEnd(observer);
  ASSERT_TRUE(tuned.selection.tuning.has_value());
  const Tuning& tuning = *tuned.selection.tuning;
  EXPECT_EQ(tuning.parameter, "weight_decay");
  ASSERT_THAT(tuning.tried, SizeIs(3));
  const auto best = std::min_element(
      tuning.tried.begin(), tuning.tried.end(),
      [](const auto& a, const auto& b) { return *a.validation_loss < *b.validation_loss; });
  EXPECT_EQ(tuning.chosen, best->value);
  for (size_t t = 0; t < 3; ++t) {
    EXPECT_EQ(tuning.tried[t].value, selectors::kTunedWeightDecays[t]);
    SetUpWith(tuning.tried[t].value);
    RecordingObserver alone;
    const JobOutcome job = RunToEnd(alone);
    EXPECT_FALSE(job.selection.tuning.has_value());
    EXPECT_NEAR(*tuning.tried[t].validation_loss,
                *job.selection.metrics.at("validation").at("log_loss").value, 1e-6);
    if (tuning.tried[t].value != tuning.chosen) continue;
    EXPECT_EQ(BytesOf(tuned, {}).weights, BytesOf(job, {}).weights);
    EXPECT_EQ(Content(tuned.selection_model_path), Content(job.selection_model_path));
    EXPECT_EQ(Content(tuned.selection_manifest_path), Content(job.selection_manifest_path));
    EXPECT_EQ(exporting::SplitMetricsJson(tuned.selection.metrics).dump(),
              exporting::SplitMetricsJson(job.selection.metrics).dump());
    ASSERT_EQ(tuned.selection.picks.size(), job.selection.picks.size());
    for (size_t i = 0; i < job.selection.picks.size(); ++i) {
      EXPECT_EQ(tuned.selection.picks[i].candidate, job.selection.picks[i].candidate);
      EXPECT_EQ(tuned.selection.picks[i].score, job.selection.picks[i].score);
      EXPECT_EQ(tuned.selection.picks[i].gain, job.selection.picks[i].gain);
    }
  }
  // Nothing is left of the trials.
  const auto folder = std::filesystem::path(tuned.weights_path).parent_path();
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    EXPECT_EQ(entry.path().filename().string().find("trial"), std::string::npos) << entry.path();
  }
}

TEST_F(TuningTest, EventsTellEveryTrialAndThePicksOnce) {
  SetUpWith(kTuned);
  RecordingObserver observer;
  const JobOutcome tuned = RunToEnd(observer);
  std::vector<std::string> measured, begun, after;  // after: the picks
  std::vector<int32_t> picks;
  for (const JobEvent& event : observer.events) {
    if (const auto* pick = std::get_if<PickMade>(&event.body)) {
      picks.push_back(pick->pick.candidate);
      EXPECT_EQ(pick->rank, static_cast<int32_t>(picks.size()));
    } else if (const auto* evaluated = std::get_if<Evaluated>(&event.body)) {
      if (picks.empty()) measured.push_back(evaluated->what);
      if (!picks.empty()) after.push_back("measured " + evaluated->what);
    } else if (const auto* phase = std::get_if<PhaseStarted>(&event.body)) {
      if (phase->steps > 0 && picks.empty()) begun.push_back(phase->name);
      if (!picks.empty()) after.push_back("begun " + phase->name);
    }
  }
  EXPECT_THAT(measured, ElementsAre("retrain/decay_1", "retrain/decay_10", "retrain/decay_30"));
  EXPECT_THAT(begun, SizeIs(9));
  // The retrain of the chosen picks is told as the result's, and is not made again.
  EXPECT_THAT(after, ::testing::IsSupersetOf({"measured retrain", "measured control/random"}));
  EXPECT_THAT(after, ::testing::Not(::testing::Contains("begun retrain")));
  EXPECT_THAT(begun, ::testing::IsSupersetOf(
                         {"select/warmup/decay_1", "prune/decay_10", "retrain/decay_30"}));
  EXPECT_THAT(picks,
              ElementsAre(tuned.selection.picks[0].candidate, tuned.selection.picks[1].candidate));
  EXPECT_NEAR(observer.progress.back().fraction, 1.0, 0.05);
  EXPECT_LE(observer.progress.back().step, observer.progress.back().total_steps);
  const auto json = exporting::SelectionJson(tuned.selection);
  EXPECT_EQ(json["tuning"]["chosen"], tuned.selection.tuning->chosen);
  EXPECT_FALSE(json["settings"]["selector"]["sequential_attention"].contains("weight_decay"));
}

// Target = [u0 u1 + u2 + noise > 0]; columns 0..8 are noisy copies of u0, u1, u2, the rest noise:
// of few rows and many columns a selection with little decay learns the rows by heart.
PlantedTable MakeCopies(int columns, int rows, uint64_t seed) {
  PlantedTable table;
  const auto draw = [seed](const std::string& name) { return RngStream(seed, "copies/" + name); };
  const RngStream latent[] = {draw("u0"), draw("u1"), draw("u2")}, noise = draw("noise");
  for (int j = 0; j < columns; ++j) {
    PlantedColumn column;
    column.name = "n" + std::to_string(j);
    const RngStream own = draw(column.name);
    for (int i = 0; i < rows; ++i) {
      const double value = j < 9 ? latent[j % 3].Normal(i) + 0.3 * own.Normal(i) : own.Normal(i);
      column.numeric.push_back(static_cast<float>(value));
    }
    table.columns.push_back(column);
  }
  for (int i = 0; i < rows; ++i) {
    const double signal = latent[0].Normal(i) * latent[1].Normal(i) + latent[2].Normal(i);
    table.target.push_back(signal + 0.3 * noise.Normal(i) > 0 ? 1.0f : 0.0f);
  }
  return table;
}

TEST_F(TuningTest, MoreOfThePlantedColumnsAreFoundWhereDecayMatters) {
  const auto found = [this](double weight_decay, uint64_t seed) {
    plan::Spec spec = SpecOf(weight_decay, 9);
    spec.evaluation.controls = std::vector<std::string>{};
    SetUpJob(MakeCopies(60, 400, seed), spec);
    RecordingObserver observer;
    const std::vector<Pick> picks = RunToEnd(observer).selection.picks;
    return std::count_if(picks.begin(), picks.end(),
                         [](const Pick& pick) { return pick.candidate < 9; });
  };
  int64_t tuned = 0, plain = 0;
  for (const uint64_t seed : {1u, 2u, 3u}) {
    tuned += found(kTuned, seed);
    plain += found(1, seed);
  }
  EXPECT_GT(tuned, plain);
}

// The decay is chosen once, by the seed of the result: repeats measure how stable that choice
// selects.
TEST_F(TuningTest, RepeatsSelectWithTheChosenValue) {
  const auto repeated = [this](double weight_decay) {
    plan::Spec spec = SpecOf(weight_decay, 3);
    spec.evaluation.controls = std::vector<std::string>{};
    spec.evaluation.repeats = 4;
    SetUpJob(MakeCopies(30, 300, 2), spec);
    RecordingObserver observer;
    return RunToEnd(observer).selection;
  };
  const Selection tuned = repeated(kTuned);
  ASSERT_TRUE(tuned.repeats.has_value());
  ASSERT_THAT(tuned.repeats->selections, SizeIs(4));
  EXPECT_TRUE(tuned.repeats->jaccard.has_value());
  const auto selections = [](const Selection& selection) {
    std::vector<std::vector<int32_t>> sets;
    for (const RepeatedSelection& repeat : selection.repeats->selections) {
      sets.push_back(repeat.selected);
    }
    return sets;
  };
  int different = 0;
  for (const double value : selectors::kTunedWeightDecays) {
    const Selection named = repeated(value);
    if (value == tuned.tuning->chosen) {
      EXPECT_EQ(selections(tuned), selections(named));
      EXPECT_EQ(tuned.repeats->kuncheva, named.repeats->kuncheva);
    } else {
      different += selections(tuned) != selections(named);
    }
  }
  EXPECT_GT(different, 0);
}

// A tolerance cuts the picks after the choice: the retrain of the trial is not that of the result.
TEST_F(TuningTest, AToleranceCutsWhatTheTrialsChose) {
  const auto cut = [this](double weight_decay) {
    plan::Spec spec = SpecOf(weight_decay, 6);
    std::get<plan::FeatureSelection>(spec.task).budget.quality_tolerance = 0.1;
    spec.evaluation.repeats = 2;
    SetUpJob(MakePlanted(TargetKind::kBinary, 700, 7), spec);
    RecordingObserver observer;
    return RunToEnd(observer);
  };
  const JobOutcome tuned = cut(kTuned);
  const JobOutcome named = cut(tuned.selection.tuning->chosen);
  EXPECT_LT(tuned.selection.picks.size(), 6u);
  EXPECT_EQ(BytesOf(tuned, {}).weights, BytesOf(named, {}).weights);
  EXPECT_EQ(exporting::SplitMetricsJson(tuned.selection.metrics).dump(),
            exporting::SplitMetricsJson(named.selection.metrics).dump());
  const auto& repeats = tuned.selection.repeats->selections;
  ASSERT_THAT(repeats, SizeIs(2));
  EXPECT_EQ(repeats[1].selected, named.selection.repeats->selections[1].selected);
  EXPECT_EQ(repeats[1].selected.size(), tuned.selection.picks.size());
}

// Side by side all trials are complete together, and of those that are not the first is kept and
// retrained; one after the other the first two are.
TEST_F(TuningTest, AStopKeepsTheBestOfTheTrialsThatAreComplete) {
  SetUpWith(kTuned);
  for (const bool side_by_side : {true, false}) {
    StopToken stop;
    RecordingObserver observer;
    observer.on_event = [&](const JobEvent& event) {
      const auto* phase = std::get_if<PhaseStarted>(&event.body);
      if (phase != nullptr && phase->name == "prune/decay_30") stop.Request(StopRequest::kStop);
    };
    ASSERT_OK_AND_ASSIGN(const JobOutcome outcome,
                         Attempt(NewAttempt({.side_by_side = side_by_side}), "", stop, observer));
    EXPECT_TRUE(outcome.selection.stopped_early);
    EXPECT_THAT(outcome.selection.tuning->tried, SizeIs(side_by_side ? 1 : 2));
    EXPECT_EQ(outcome.selection.tuning->tried[0].validation_loss.has_value(), !side_by_side);
    EXPECT_THAT(outcome.selection.picks, SizeIs(2));
    const auto retrains =
        std::count_if(observer.events.begin(), observer.events.end(), [](const JobEvent& event) {
          const auto* phase = std::get_if<PhaseStarted>(&event.body);
          return phase != nullptr && phase->name == "retrain" && phase->steps > 0;
        });
    EXPECT_EQ(retrains, side_by_side ? 1 : 0);
    EXPECT_FALSE(outcome.selection_model_path.empty());
    EXPECT_TRUE(outcome.selection.metrics.at("test").at("auc").value.has_value());
  }
}

}  // namespace
}  // namespace winnow::train
