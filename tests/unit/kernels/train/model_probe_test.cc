#include "kernels/train/model_probe.h"

#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/nn/model_gate.h"
#include "kernels/ops/threading.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

class NetworkProbeTest : public JobTest {
 protected:
  void MakeProbe(const plan::Spec& spec) {
    SetUpJob(MakePlanted(TargetKind::kBinary, 1000, 8), spec);
    auto packed = data::PackedTable::Open(folder_ / "dataset" / "table.bin");
    ASSERT_OK(packed);
    packed_.emplace(*std::move(packed));
    auto table = data::TrainingTable::Create(&*packed_, profile_, profile_.split);
    ASSERT_OK(table);
    table_.emplace(*std::move(table));
    context_.plan = &plan_;
    context_.table = &*table_;
    context_.pool = &pool_;
    context_.stop = &stop_;
    auto network = nn::Network::Create(plan_.model);
    ASSERT_OK(network);
    network_.emplace(*std::move(network));
    network_->Init(1, "init/test");
    auto fold = nn::MakeFold(plan_.model, plan_.candidates);
    ASSERT_OK(fold);
    fold_.emplace(*std::move(fold));
    auto probe = NetworkProbe::Create(context_, *network_, *fold_);
    ASSERT_OK(probe);
    probe_ = *std::move(probe);
  }

  // sqrt of the sum of (scale_r W_rj)^2 over the rows of a field.
  double Norm(const plan::InputField& field, const std::vector<double>& scale) const {
    double sum = 0;
    for (int32_t r = 0; r < field.rows; ++r) {
      for (int32_t j = 0; j < 16; ++j) {
        const double w = network_->weights(0)[(field.first_row + r) * 16 + j];
        sum += scale[r] * w * scale[r] * w;
      }
    }
    return std::sqrt(sum);
  }

  ShardPool pool_{1, ops::UseOneThread};
  StopToken stop_;
  JobContext context_;
  std::optional<data::PackedTable> packed_;
  std::optional<data::TrainingTable> table_;
  std::optional<nn::Network> network_;
  std::optional<gates::WeightFold> fold_;
  std::unique_ptr<NetworkProbe> probe_;
};

TEST_F(NetworkProbeTest, WeightNormsAreFrobeniusNormsOfTheCandidatesRows) {
  MakeProbe(FeatureSpec(3));
  std::vector<float> norms(12);
  probe_->WeightNorms(norms);
  for (size_t c = 0; c < norms.size(); ++c) {
    const plan::InputField& field = plan_.model.fields[c];
    EXPECT_NEAR(norms[c], Norm(field, std::vector<double>(field.rows, 1.0)), 1e-5);
  }
}

TEST_F(NetworkProbeTest, ContributionsWeighEmbeddingsByHowOftenACodeOccurs) {
  MakeProbe(FeatureSpec(3));
  std::vector<float> contributions(12);
  ASSERT_OK(probe_->Contributions(contributions));
  const plan::InputField& field = plan_.model.fields[10];  // c0
  const auto counts = table_->code_counts(0);
  std::vector<double> rms(4);
  double total = 0;
  for (size_t code = 0; code < counts.size(); ++code) total += static_cast<double>(counts[code]);
  for (int d = 0; d < 4; ++d) {
    for (size_t code = 0; code < counts.size(); ++code) {
      const double e = network_->table(0)[code * 4 + d];
      rms[d] += static_cast<double>(counts[code]) / total * e * e;
    }
    rms[d] = std::sqrt(rms[d]);
  }
  EXPECT_NEAR(contributions[10], Norm(field, rms), 1e-4);
  // A standardised column has root mean square 1.
  EXPECT_NEAR(contributions[0], Norm(plan_.model.fields[0], {1.0}), 1e-3);
}

// Numbers weigh by their rows of the first bottom layer, embeddings by their products' rows of the
// first top layer: vectors z, c0, c1 have the products <c0, z>, <c1, z>, <c1, c0> behind z's 6
// rows.
TEST_F(NetworkProbeTest, DlrmIsMeasuredOnBothLayers) {
  plan::Spec spec = FeatureSpec(3);
  spec.model = DlrmModel();
  MakeProbe(spec);
  const auto norm = [&](int32_t layer, std::vector<int32_t> rows, const std::vector<float>& scale) {
    const int32_t columns = network_->layers()[layer].outputs;
    double sum = 0;
    for (const int32_t row : rows) {
      for (int32_t j = 0; j < columns; ++j) {
        const double w = network_->weights(layer)[row * columns + j];
        sum += std::pow(scale.empty() ? w : scale[row] * w, 2);
      }
    }
    return std::sqrt(sum);
  };
  ASSERT_EQ(network_->top_layer(), 2);
  std::vector<float> norms(12), contributions(12);
  probe_->WeightNorms(norms);
  EXPECT_NEAR(norms[0], norm(0, {0}, {}), 1e-5);
  EXPECT_NEAR(norms[9], norm(0, {9, 10}, {}), 1e-5);  // n9 and its indicator
  EXPECT_NEAR(norms[10], norm(2, {6, 8}, {}), 1e-5);
  EXPECT_NEAR(norms[11], norm(2, {7, 8}, {}), 1e-5);
  // The same with the size of every input on training rows; there are fewer than the probe looks
  // at.
  TableSource source(context_, network_->shape());
  const std::vector<uint32_t> train_rows = EvenlySpaced(table_->train_rows(), kProbeRows);
  source.SetRows(train_rows);
  ASSERT_OK_AND_ASSIGN(const auto predictor,
                       nn::Predictor::Create(&*network_, nullptr, context_.pool));
  std::vector<float> bottom(11), top(9);
  const auto rows = static_cast<int64_t>(train_rows.size());
  ASSERT_OK(predictor->LayerInputRms(0, source, rows, {}, std::span<float>(bottom)));
  ASSERT_OK(predictor->LayerInputRms(2, source, rows, {}, std::span<float>(top)));
  ASSERT_OK(probe_->Contributions(contributions));
  EXPECT_NEAR(contributions[0], norm(0, {0}, bottom), 1e-5);
  EXPECT_NEAR(contributions[10], norm(2, {6, 8}, top), 1e-5);
}

TEST_F(NetworkProbeTest, LossUnderAnEmptyMaskIsThatOfTheBiasAlone) {
  MakeProbe(FeatureSpec(3));
  const std::vector<float> none(12, 0.0f), all(12, 1.0f);
  // Biases start at 0: the logit is 0 on every row.
  ASSERT_OK_AND_ASSIGN(const double empty, probe_->ValidationLoss(none));
  EXPECT_NEAR(empty, std::log(2.0), 1e-6);
  ASSERT_OK_AND_ASSIGN(const double full, probe_->ValidationLoss(all));
  EXPECT_GT(std::abs(full - empty), 1e-3);
}

TEST_F(NetworkProbeTest, BlocksOfAHiddenLayerAreMeasuredBehindTheLayersBefore) {
  plan::Spec spec = BlockSpec(0.5);
  spec.model.hidden_units = std::vector<int32_t>{16, 8};
  std::get<plan::BlockPruning>(spec.task).layers = {"dense_1"};
  MakeProbe(spec);
  std::vector<float> norms(plan_.candidates.size()), contributions(norms.size());
  probe_->WeightNorms(norms);
  ASSERT_OK(probe_->Contributions(contributions));
  for (size_t c = 0; c < norms.size(); ++c) {
    EXPECT_GT(norms[c], 0.0f);
    EXPECT_GT(contributions[c], 0.0f);
    EXPECT_NE(contributions[c], norms[c]);
  }
}

TEST_F(NetworkProbeTest, WithoutValidationRowsTheLossIsRefused) {
  plan::Spec spec = FeatureSpec(3);
  spec.split = SplitSpec{.validation = 0.0, .test = 0.2};
  spec.training.early_stopping = false;
  SetUpJob(MakePlanted(TargetKind::kBinary, 400, 8), spec);
  RecordingObserver observer;
  const Selection selection = RunToEnd(observer).selection;
  for (const Pick& pick : selection.picks) EXPECT_FALSE(pick.gain.has_value());
  EXPECT_EQ(selection.warnings.size(), 1u);
  EXPECT_FALSE(selection.metrics.at("validation").at("auc").value.has_value());
  EXPECT_TRUE(selection.metrics.at("test").at("auc").value.has_value());
}

}  // namespace
}  // namespace winnow::train
