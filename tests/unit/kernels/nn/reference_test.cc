// The reference itself: its gradients are the slopes of its loss.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/nn/model_gate.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {
namespace {

// Central differences with step h are off by h^2 f''' / 6 + u f / h: about 1e-10 here. No test
// batch puts a hidden unit within h of its kink.
constexpr double kStep = 1e-6;
constexpr double kTolerance = 2e-8;

const plan::ModelShape kDot = MakeDlrm("cniccn", plan::Interaction::kDot, {6, 3}, {5, 4}, 1);
const plan::ModelShape kConcat = MakeDlrm("cniccn", plan::Interaction::kConcat, {3}, {5}, 3);

// The first and the last field are one candidate; so are two embeddings, whose product has the
// square of its multiplier.
CandidateSet GroupCandidates(const plan::ModelShape& shape) {
  CandidateSet set;
  set.items.resize(3);
  for (const plan::InputField& field : shape.fields) {
    const bool outer = field.column == 0 || field.column == shape.fields.back().column;
    set.items[outer ? 0 : field.categorical ? 1 : 2].columns.push_back(field.column);
  }
  return set;
}

struct Case {
  std::string name;
  plan::ModelShape shape;
  LossKind loss;
  std::function<CandidateSet(const plan::ModelShape&)> candidates;  // empty: no gate
};

class ReferenceTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReferenceTest, GradientsAreFiniteDifferences) {
  const Case& c = GetParam();
  ASSERT_OK_AND_ASSIGN(Network network, Network::Create(c.shape));
  network.Init(3, "test");
  gates::WeightFold fold;
  std::vector<double> mask;
  if (c.candidates) {
    ASSERT_OK_AND_ASSIGN(fold, MakeFold(c.shape, c.candidates(c.shape)));
    for (int64_t i = 0; i < fold.num_candidates; ++i) mask.push_back(0.4 * (i % 4));
  }
  const gates::WeightFold* fold_or_null = c.candidates ? &fold : nullptr;
  const TestBatch batch = MakeBatch(c.shape, c.loss, 7, 11);
  Tensors tensors = ToDouble(network);
  const auto loss_at = [&] {
    return Evaluate(network, tensors, fold_or_null, mask, c.loss, batch).loss;
  };
  const ReferenceResult result = Evaluate(network, tensors, fold_or_null, mask, c.loss, batch);
  const auto check = [&](double& parameter, double gradient, const std::string& what) {
    const double kept = parameter;
    parameter = kept + kStep;
    const double up = loss_at();
    parameter = kept - kStep;
    const double down = loss_at();
    parameter = kept;
    EXPECT_NEAR(gradient, (up - down) / (2 * kStep), kTolerance) << what;
  };
  const std::vector<TensorView> names = network.Tensors();
  for (size_t t = 0; t < tensors.size(); ++t) {
    for (size_t e = 0; e < tensors[t].size(); ++e) {
      check(tensors[t][e], result.gradient[t][e], names[t].name + " " + std::to_string(e));
    }
  }
  for (size_t m = 0; m < mask.size(); ++m) {
    check(mask[m], result.mask_gradient[m], "mask " + std::to_string(m));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, ReferenceTest,
    ::testing::Values(
        Case{"LinearLogistic", MakeShape("ncic", {}, 1), LossKind::kLogistic, {}},
        Case{"MlpLogistic", MakeShape("ncic", {5}, 1), LossKind::kLogistic, {}},
        Case{"MlpSoftmax", MakeShape("cnni", {6, 4}, 3), LossKind::kSoftmax, {}},
        Case{"MlpSquared", MakeShape("nnc", {5}, 1), LossKind::kSquared, {}},
        Case{"FeatureGate", MakeShape("ncic", {5}, 3), LossKind::kSoftmax, &FeatureCandidates},
        Case{"ChunkGate", MakeShape("ncic", {5}, 1), LossKind::kLogistic, &ChunkCandidates},
        Case{"BlockGate", MakeShape("ncic", {5, 7}, 1), LossKind::kSquared,
             [](const plan::ModelShape& shape) { return BlockCandidates(shape, 1, 2, 3); }},
        Case{"DlrmDot", kDot, LossKind::kLogistic, {}},
        Case{"DlrmDotFeatureGate", kDot, LossKind::kLogistic, &FeatureCandidates},
        Case{"DlrmDotGroups", kDot, LossKind::kLogistic, &GroupCandidates},
        Case{"DlrmDotWithoutNumbers", MakeDlrm("ccc", plan::Interaction::kDot, {}, {5}, 1),
             LossKind::kLogistic, &FeatureCandidates},
        Case{"DlrmConcatFeatureGate", kConcat, LossKind::kSoftmax, &FeatureCandidates},
        Case{"DlrmConcatChunkGate", kConcat, LossKind::kSoftmax, &ChunkCandidates},
        Case{"DlrmTopBlockGate", MakeDlrm("cniccn", plan::Interaction::kDot, {6, 3}, {5}, 1),
             LossKind::kLogistic,
             [](const plan::ModelShape& shape) { return BlockCandidates(shape, 2, 4, 2); }},
        Case{"FirstLayerBlockGate", MakeShape("ncic", {5, 7}, 2), LossKind::kSoftmax,
             [](const plan::ModelShape& shape) { return BlockCandidates(shape, 0, 4, 2); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace winnow::nn
