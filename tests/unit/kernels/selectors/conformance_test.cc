// What every selector of the registry must do, on every gate it declares.
#include <algorithm>
#include <cmath>
#include <limits>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/selectors/registry.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/selectors/reference_testing.h"
#include "tests/unit/kernels/selectors/run_testing.h"

namespace winnow::selectors {
namespace {

using ::testing::IsSupersetOf;
using ::testing::SizeIs;

struct Case {
  Row row;
  GateKind gate;
};

const char* Name(GateKind gate) {
  switch (gate) {
    case GateKind::kFeature:
      return "feature";
    case GateKind::kChunk:
      return "chunk";
    case GateKind::kBlock:
      return "block";
    case GateKind::kCross:
      break;
  }
  return "cross";
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  for (const Row& row : AllRows()) {
    for (const GateKind gate : row.gates) cases.push_back({row, gate});
  }
  return cases;
}

// Those that look at the data; random_test holds the other to chance.
std::vector<Case> LearningCases() {
  std::vector<Case> cases;
  for (const Case& c : AllCases()) {
    if (c.row.name != "random") cases.push_back(c);
  }
  return cases;
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) {
  return info.param.row.name + "_" + Name(info.param.gate);
}

class ConformanceTest : public ::testing::TestWithParam<Case> {
 protected:
  const Row& row() const { return GetParam().row; }

  PlantedData data_ = MakePlanted(GetParam().gate, 1);
};

// All prerequisites stand before what needs them, and nothing stands twice.
void ExpectWellFormed(const std::vector<Pick>& picks, const CandidateSet& candidates) {
  std::set<int32_t> seen;
  for (const Pick& pick : picks) {
    ASSERT_GE(pick.candidate, 0);
    ASSERT_LT(pick.candidate, candidates.size());
    EXPECT_TRUE(std::isfinite(pick.score));
    EXPECT_TRUE(seen.insert(pick.candidate).second) << pick.candidate << " was picked twice";
    const int32_t before = candidates.items[pick.candidate].prerequisite;
    EXPECT_TRUE(before < 0 || seen.count(before) == 1) << pick.candidate << " before " << before;
  }
}

BudgetLedger Spent(const std::vector<Pick>& picks, const Problem& problem) {
  BudgetLedger ledger(problem.budget, problem.candidates->size());
  for (const Pick& pick : picks) {
    const Cost& cost = problem.candidates->items[pick.candidate].cost;
    EXPECT_TRUE(ledger.Fits(cost)) << "the budget does not hold " << pick.candidate;
    ledger.Spend(cost);
  }
  return ledger;
}

void PrintTo(const Case& c, std::ostream* out) { *out << c.row.name << " on " << Name(c.gate); }

// Nothing that could still be had was left out.
void ExpectFull(const std::vector<Pick>& picks, const Problem& problem) {
  const BudgetLedger ledger = Spent(picks, problem);
  std::set<int32_t> chosen;
  for (const Pick& pick : picks) chosen.insert(pick.candidate);
  for (int32_t c = 0; c < problem.candidates->size(); ++c) {
    const Candidate& candidate = problem.candidates->items[c];
    const bool ready = candidate.prerequisite < 0 || chosen.count(candidate.prerequisite) == 1;
    EXPECT_FALSE(chosen.count(c) == 0 && ready && ledger.Fits(candidate.cost))
        << candidate.name << " still fits";
  }
}

TEST_P(ConformanceTest, DefaultsPassTheirOwnTable) {
  const ParamValues defaults = FillDefaults(row().params, {});
  EXPECT_THAT(CheckParams(row().params, defaults), SizeIs(0));
  for (const ParamSpec& spec : row().params) {
    EXPECT_FALSE(spec.doc.empty()) << spec.name;
    EXPECT_EQ(spec.doc.back(), '.') << spec.name;
    if (spec.default_value) {
      EXPECT_EQ(spec.default_value->index(), static_cast<size_t>(spec.type)) << spec.name;
    }
  }
  if (row().check != nullptr) {
    EXPECT_THAT(row().check(ResolvedParams(row(), GetParam().gate)), SizeIs(0));
  }
}

TEST_P(ConformanceTest, EveryValueOutOfRangeIsRefusedByName) {
  for (const ParamSpec& spec : row().params) {
    std::vector<ParamValue> bad;
    if (spec.type == selectors::ParamType::kInt) {
      if (std::isfinite(spec.min)) bad.push_back(static_cast<int64_t>(spec.min) - 1);
      if (std::isfinite(spec.max)) bad.push_back(static_cast<int64_t>(spec.max) + 1);
      bad.push_back(0.5);
    } else if (spec.type == selectors::ParamType::kDouble) {
      bad.push_back(std::numeric_limits<double>::quiet_NaN());
      if (std::isfinite(spec.min)) {
        bad.push_back(spec.min_exclusive ? spec.min : std::nextafter(spec.min, -1e9));
      }
      if (std::isfinite(spec.max)) {
        bad.push_back(spec.max_exclusive ? spec.max : std::nextafter(spec.max, 1e9));
      }
      bad.push_back(std::string("much"));
    } else if (spec.type == selectors::ParamType::kString) {
      if (!spec.choices.empty()) bad.push_back(std::string("no such choice"));
      bad.push_back(true);
    } else {
      bad.push_back(int64_t{1});
    }
    for (const ParamValue& value : bad) {
      const auto violations = CheckParams(row().params, {{spec.name, value}});
      ASSERT_THAT(violations, SizeIs(1)) << spec.name;
      EXPECT_EQ(violations[0].name, spec.name);
      EXPECT_FALSE(violations[0].message.empty());
    }
  }
  EXPECT_THAT(CheckParams(row().params, {{"stpes", int64_t{1}}}), SizeIs(1));
}

TEST_P(ConformanceTest, KeepsExactlyTheBudgetAndEachCandidateOnce) {
  for (const int64_t k : {int64_t{1}, int64_t{3}, data_.candidates.size()}) {
    Budget budget;
    budget.max_count = k;
    TestRun run(row(), data_, {.budget = budget});
    ASSERT_OK(run.status());
    run.RunToEnd();
    const auto picks = run.selector().picks();
    EXPECT_THAT(picks, SizeIs(k));
    ExpectWellFormed(picks, data_.candidates);
    const auto mask = run.selector().mask();
    std::set<int32_t> kept;
    for (const Pick& pick : picks) kept.insert(pick.candidate);
    for (int32_t c = 0; c < data_.candidates.size(); ++c) {
      EXPECT_EQ(mask[c] > 0, kept.count(c) == 1) << "the last mask is not that of the picks";
    }
  }
}

TEST_P(ConformanceTest, ByteBudgetIsKeptAndUsedUp) {
  for (const int64_t bytes : {40, 100, 333}) {
    Budget budget;
    budget.max_bytes = bytes;
    TestRun run(row(), data_, {.budget = budget});
    ASSERT_OK(run.status());
    run.RunToEnd();
    const auto picks = run.selector().picks();
    EXPECT_FALSE(picks.empty());
    ExpectWellFormed(picks, data_.candidates);
    ExpectFull(picks, run.problem());
  }
}

// Each limit in turn is the one that binds; together with a candidate that is kept in any case.
TEST_P(ConformanceTest, AllLimitsTogetherAreKeptAndUsedUp) {
  const std::vector<Budget> budgets = {
      {.max_count = 2, .max_bytes = 4000, .max_flops = 800, .max_cost = 50.0},
      {.max_count = 6, .max_bytes = 130, .max_flops = 800, .max_cost = 50.0},
      {.max_count = 6, .max_bytes = 4000, .max_flops = 25, .max_cost = 50.0},
      {.max_count = 6, .max_bytes = 4000, .max_flops = 800, .max_cost = 7.5}};
  data_.candidates.must_keep = {2};
  for (const Budget& budget : budgets) {
    TestRun run(row(), data_, {.budget = budget});
    ASSERT_OK(run.status());
    run.RunToEnd();
    const auto picks = run.selector().picks();
    ASSERT_FALSE(picks.empty());
    EXPECT_EQ(picks.front().candidate, 2);
    ExpectWellFormed(picks, data_.candidates);
    ExpectFull(picks, run.problem());
  }
}

TEST_P(ConformanceTest, WhatMustBeKeptIsKeptAndNeverMaskedOut) {
  data_.candidates.must_keep = {0, 4};
  TestRun run(row(), data_, {});
  ASSERT_OK(run.status());
  run.RunToEnd();
  EXPECT_THAT(Candidates(run.selector().picks()), IsSupersetOf({0, 4}));
  EXPECT_THAT(run.selector().picks(), SizeIs(data_.truth.size()));
  for (const auto& mask : run.masks) {
    EXPECT_GT(mask[0], 0);
    EXPECT_GT(mask[4], 0);
  }
}

TEST_P(ConformanceTest, MustKeepAboveTheBudgetIsRefused) {
  data_.candidates.must_keep = {0, 2, 4};
  Budget budget;
  budget.max_count = 2;
  TestRun run(row(), data_, {.budget = budget});
  EXPECT_THAT(run.status(), test::StatusIs(absl::StatusCode::kFailedPrecondition,
                                           ::testing::HasSubstr("must_keep")));
}

TEST_P(ConformanceTest, SameSeedSameRunToTheBit) {
  TestRun a(row(), data_, {.seed = 5}), b(row(), data_, {.seed = 5});
  a.RunToEnd();
  b.RunToEnd();
  EXPECT_EQ(a.masks, b.masks);
  EXPECT_EQ(Candidates(a.selector().picks()), Candidates(b.selector().picks()));
}

TEST_P(ConformanceTest, PhasesPartitionTheSteps) {
  TestRun run(row(), data_, {});
  run.RunToEnd();
  const int64_t total = run.problem().total_steps;
  EXPECT_EQ(run.step(), total);
  if (total == 0) return;
  ASSERT_FALSE(run.phases.empty());
  for (size_t i = 0; i < run.phases.size(); ++i) {
    EXPECT_FALSE(run.phases[i].second.empty());
    const int64_t end = i + 1 < run.phases.size() ? run.phases[i + 1].first : total;
    EXPECT_GT(end, run.phases[i].first) << "phase " << run.phases[i].second << " has no step";
  }
}

TEST_P(ConformanceTest, MasksAndScoresAreFiniteAndMasksNotNegative) {
  TestRun run(row(), data_, {});
  run.RunToEnd();
  for (const auto& mask : run.masks) {
    ASSERT_THAT(mask, SizeIs(data_.candidates.size()));
    for (const float value : mask) {
      ASSERT_TRUE(std::isfinite(value));
      ASSERT_GE(value, 0);
    }
  }
  ASSERT_THAT(run.selector().scores(), SizeIs(data_.candidates.size()));
  for (const float score : run.selector().scores()) EXPECT_TRUE(std::isfinite(score));
  EXPECT_TRUE(std::isfinite(run.selector().logit_stddev()));
}

TEST_P(ConformanceTest, ResumedAtAnyStepEqualsUninterrupted) {
  TestRun whole(row(), data_, {});
  whole.RunToEnd();
  const int64_t total = whole.problem().total_steps;
  for (const int64_t at : {int64_t{0}, int64_t{1}, total / 10, total / 3, total / 2, total - 1}) {
    if (at < 0 || at > total) continue;
    TestRun first(row(), data_, {});
    first.RunTo(at);
    TestRun second(row(), data_, {});
    second.Resume(first);
    second.RunToEnd();
    for (size_t i = 0; i < second.masks.size(); ++i) {
      ASSERT_EQ(second.masks[i], whole.masks[static_cast<size_t>(at) + i])
          << "resumed at step " << at << ", " << i << " steps later";
    }
    EXPECT_EQ(second.model().weights(), whole.model().weights());
    const auto expected = whole.selector().picks(), picks = second.selector().picks();
    ASSERT_THAT(picks, SizeIs(expected.size()));
    for (size_t i = 0; i < picks.size(); ++i) {
      EXPECT_EQ(picks[i].candidate, expected[i].candidate);
      EXPECT_EQ(picks[i].phase, expected[i].phase);
      EXPECT_EQ(picks[i].score, expected[i].score);
    }
  }
}

TEST_P(ConformanceTest, SavedTwiceIsTheSameBytes) {
  TestRun run(row(), data_, {});
  run.RunTo(run.problem().total_steps / 2);
  TestRun copy(row(), data_, {});
  copy.Resume(run);
  EXPECT_EQ(run.Save().sections(), copy.Save().sections());
}

TEST_P(ConformanceTest, FinishAtAnyStepFillsTheBudgetAndKeepsEarlierPicks) {
  const int64_t total = TestRun(row(), data_, {}).problem().total_steps;
  for (const int64_t at : {int64_t{0}, int64_t{1}, total / 3, total / 2, total - 1, total}) {
    if (at < 0 || at > total) continue;
    TestRun run(row(), data_, {});
    run.RunTo(at);
    const auto before = Candidates(run.selector().picks());
    ASSERT_OK(run.selector().Finish(run.model()));
    const auto picks = run.selector().picks();
    ExpectWellFormed(picks, data_.candidates);
    ExpectFull(picks, run.problem());
    ASSERT_GE(picks.size(), before.size());
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(picks[i].candidate, before[i]);
    const auto mask = run.selector().mask();
    for (const Pick& pick : picks) EXPECT_GT(mask[pick.candidate], 0);
  }
}

class PlantedTruthTest : public ConformanceTest {};

TEST_P(PlantedTruthTest, IsFound) {
  size_t hits = 0, wanted = 0;
  for (const uint64_t seed : {1, 2, 3, 4, 5}) {
    const PlantedData data = MakePlanted(GetParam().gate, seed);
    TestRun run(row(), data, {.seed = seed});
    run.RunToEnd();
    wanted += data.truth.size();
    for (const Pick& pick : run.selector().picks()) {
      hits += std::binary_search(data.truth.begin(), data.truth.end(), pick.candidate) ? 1 : 0;
    }
  }
  // Chance would find three in ten (features, chunks) or a half (blocks) of the 15 or 20.
  EXPECT_GE(hits, wanted - wanted / 5) << "of " << wanted;
}

INSTANTIATE_TEST_SUITE_P(Registry, ConformanceTest, ::testing::ValuesIn(AllCases()), CaseName);
INSTANTIATE_TEST_SUITE_P(Registry, PlantedTruthTest, ::testing::ValuesIn(LearningCases()),
                         CaseName);

}  // namespace
}  // namespace winnow::selectors
