#include "kernels/train/ensemble.h"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/training_table.h"
#include "kernels/nn/model_gate.h"
#include "kernels/ops/threading.h"
#include "kernels/plan/plan.h"
#include "kernels/train/batch_feed.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

using ::testing::UnorderedElementsAre;

class EnsembleTest : public JobTest {
 protected:
  static plan::Spec SpecOf(int64_t networks) {
    plan::Spec spec = FeatureSpec(3);
    spec.selector.params["ensemble"] = networks;
    return spec;
  }
  static std::set<std::string> Picked(const JobOutcome& outcome) {
    std::set<std::string> names;
    for (const Pick& pick : outcome.selection.picks) {
      names.insert(outcome.selection.names[static_cast<size_t>(pick.candidate)]);
    }
    return names;
  }
};

// A network that takes one step by itself.
struct Alone {
  double loss = 0;
  std::vector<float> gradient;
};

TEST_F(EnsembleTest, LossAndGradientAreTheMeanOfNetworksThatTrainAlone) {
  SetUpJob(MakePlanted(TargetKind::kRegression, 700, 8), SpecOf(3));
  ASSERT_OK_AND_ASSIGN(data::PackedTable packed,
                       data::PackedTable::Open(folder_ / "dataset" / "table.bin"));
  ASSERT_OK_AND_ASSIGN(const data::TrainingTable table,
                       data::TrainingTable::Create(&packed, profile_, profile_.split));
  ShardPool pool(2, ops::UseOneThread);
  JobContext context;
  context.plan = &plan_;
  context.table = &table;
  context.pool = &pool;
  context.loss = nn::LossFor(TargetKind::kRegression);
  BatchFeed batches(context, plan_.model, "select", 64);
  ASSERT_OK_AND_ASSIGN(const gates::WeightFold fold, nn::MakeFold(plan_.model, plan_.candidates));

  nn::TrainStepOptions options;
  options.loss = context.loss;
  options.batch_size = 64;
  options.dropout = 0.2f;
  options.stream = "select";
  const std::vector<float> mask(static_cast<size_t>(fold.num_candidates), 0.5f);
  nn::StepInput input;
  ASSERT_OK_AND_ASSIGN(input.rows, batches.Load(0));
  input.learning_rate = 0.01;
  input.mask = mask;

  std::vector<Alone> alone(3);
  for (size_t e = 0; e < alone.size(); ++e) {
    const std::string suffix = e == 0 ? "" : "/" + std::to_string(e);
    ASSERT_OK_AND_ASSIGN(nn::Network network, nn::Network::Create(plan_.model));
    network.Init(context.seed(), "init/select" + suffix);
    nn::TrainStepOptions own = options;
    own.stream += suffix;
    ASSERT_OK_AND_ASSIGN(const auto step, nn::TrainStep::Create(&network, &fold, own, &pool));
    alone[e].gradient.resize(mask.size());
    nn::StepInput of_member = input;
    of_member.mask_gradient = alone[e].gradient;
    ASSERT_OK_AND_ASSIGN(alone[e].loss, step->Run(of_member, batches));
  }
  EXPECT_NE(alone[1].loss, alone[2].loss);

  ASSERT_OK_AND_ASSIGN(Ensemble others, Ensemble::Create(context, plan_.model, fold, options, 2));
  std::vector<float> gradient = alone[0].gradient;
  input.mask_gradient = gradient;
  ASSERT_OK_AND_ASSIGN(const double loss, others.Run(input, batches, alone[0].loss, gradient));
  EXPECT_DOUBLE_EQ(loss, (alone[0].loss + alone[1].loss + alone[2].loss) / 3);
  for (size_t i = 0; i < gradient.size(); ++i) {
    const float sum = alone[0].gradient[i] + alone[1].gradient[i] + alone[2].gradient[i];
    EXPECT_FLOAT_EQ(gradient[i], sum / 3) << i;
  }
}

TEST_F(EnsembleTest, FindsWhatIsPlanted) {
  SetUpJob(MakePlanted(TargetKind::kRegression, 2000, 4), SpecOf(3));
  RecordingObserver three;
  const JobOutcome outcome = RunToEnd(three);
  EXPECT_THAT(Picked(outcome), UnorderedElementsAre("n0", "n1", "c0"));
  // It is another selection than that of one network, and the plan knows what it costs.
  const plan::Estimate ensemble = plan_.estimate;
  SetUpJob(MakePlanted(TargetKind::kRegression, 2000, 4), SpecOf(1));
  RecordingObserver one;
  const JobOutcome alone = RunToEnd(one);
  EXPECT_NE(alone.selection.picks.front().score, outcome.selection.picks.front().score);
  EXPECT_GT(ensemble.memory_bytes, plan_.estimate.memory_bytes);
  EXPECT_GT(ensemble.seconds, plan_.estimate.seconds);
  EXPECT_EQ(ensemble.steps, plan_.estimate.steps);
}

TEST_F(EnsembleTest, GoesNotTogetherWithLogitsOnValidationRows) {
  SetUpJob(MakePlanted(TargetKind::kRegression, 700, 4), SpecOf(2));
  plan::Spec spec = SpecOf(2);
  spec.selector.params["validation_logits"] = true;
  const plan::Resolution both = plan::Resolve(spec, profile_);
  ASSERT_EQ(both.violations.size(), 1u);
  EXPECT_EQ(both.violations[0].path, "selector.sequential_attention");
  EXPECT_EQ(both.violations[0].message, "validation_logits: not with an ensemble");
  const plan::Resolution none = plan::Resolve(SpecOf(0), profile_);
  ASSERT_EQ(none.violations.size(), 1u);
  EXPECT_EQ(none.violations[0].path, "selector.sequential_attention.ensemble");
}

}  // namespace
}  // namespace winnow::train
