#include "kernels/train/model_probe.h"

#include <cmath>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/nn/model_gate.h"
#include "kernels/nn/predictor.h"
#include "kernels/ops/threading.h"
#include "kernels/train/few_features.h"
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

// Measured on the network that is left; one more feature, and it is measured on the whole one.
TEST_F(NetworkProbeTest, LossUnderAMaskOfFewFeaturesIsThatOfTheWholeNetwork) {
  MakeProbe(FeatureSpec(3));
  const CachedSource rows(context_, network_->shape(), table_->validation_rows().ToVector());
  ASSERT_OK_AND_ASSIGN(const auto whole, nn::Predictor::Create(&*network_, &*fold_, &pool_));
  // n9 has an indicator, 10 and 11 are embedded.
  for (const std::vector<int32_t>& kept : std::vector<std::vector<int32_t>>{
           {0}, {9}, {11}, {3, 9, 10}, {0, 1, 2, 9, 10, 11}, {0, 1, 2, 3, 9, 10, 11}}) {
    std::vector<float> mask(12, 0.0f);
    for (size_t i = 0; i < kept.size(); ++i) mask[kept[i]] = 1.0f - 0.1f * static_cast<float>(i);
    EXPECT_EQ(FewFeatures(plan_, *network_, mask).has_value(), kept.size() <= 6);
    ASSERT_OK_AND_ASSIGN(const double expected,
                         whole->MeanLoss(context_.loss, rows, rows.rows(), mask));
    ASSERT_OK_AND_ASSIGN(const double loss, probe_->ValidationLoss(mask));
    EXPECT_EQ(loss, expected) << kept.size();
  }
  EXPECT_FALSE(FewFeatures(plan_, *network_, std::vector<float>(12, 0.0f)).has_value());
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

// The training batch is larger than the validation part, so a draw is all of it.
TEST_F(NetworkProbeTest, ValidationMaskGradientIsTheDifferenceQuotient) {
  MakeProbe(FeatureSpec(3));
  std::vector<float> mask(12), gradient(12);
  for (size_t c = 0; c < mask.size(); ++c) mask[c] = 0.3f + 0.1f * static_cast<float>(c);
  plan_.selection_batch = 1000;
  ASSERT_OK(probe_->ValidationMaskGradient(0, mask, gradient));
  for (size_t c = 0; c < mask.size(); ++c) {
    std::vector<float> up = mask, down = mask;
    up[c] += 0.004f;
    down[c] -= 0.004f;
    ASSERT_OK_AND_ASSIGN(const double high, probe_->ValidationLoss(up));
    ASSERT_OK_AND_ASSIGN(const double low, probe_->ValidationLoss(down));
    EXPECT_NEAR(gradient[c], (high - low) / 0.008, 1e-3) << c;
  }
}

TEST_F(NetworkProbeTest, ResidualCorrelationsAreThoseOfTheColumns) {
  MakeProbe(FeatureSpec(3));
  const std::vector<float> none(12, 0.0f);
  std::vector<float> scores(12);
  ASSERT_OK(probe_->ResidualCorrelations(none, 5000, scores));
  TargetSample target;
  ASSERT_OK(probe_->Targets(5000, target));
  EXPECT_EQ(target.classes, 2);
  for (int32_t c = 0; c < 12; ++c) {
    std::vector<InputColumn> columns;
    ASSERT_OK(probe_->Inputs(c, 5000, columns));
    ASSERT_EQ(
        columns.size(),
        static_cast<size_t>(plan_.model.fields[c].categorical ? 1 : plan_.model.fields[c].rows));
    double square = 0, noise = 0;
    int64_t count = 0;
    for (const float y : target.values) noise += (0.5 - y) * (0.5 - y);
    const auto n = static_cast<double>(target.values.size());
    for (const InputColumn& column : columns) {
      if (column.vocabulary == 0) {
        double sum = 0;
        for (size_t i = 0; i < target.values.size(); ++i) {
          sum += column.values[i] * (0.5 - target.values[i]);
        }
        square += sum * sum / n;
        ++count;
        continue;
      }
      std::vector<double> sums(static_cast<size_t>(column.vocabulary)), rows(sums.size());
      for (size_t i = 0; i < target.values.size(); ++i) {
        sums[column.codes[i]] += 0.5 - target.values[i];
        rows[column.codes[i]] += 1;
      }
      for (size_t v = 0; v < sums.size(); ++v) {
        if (rows[v] == 0) continue;
        square += sums[v] * sums[v] / rows[v];
        ++count;
      }
      --count;
    }
    const double expected = std::sqrt(std::max(0.0, square - (count - 1) * noise / n));
    EXPECT_NEAR(scores[c], expected, 1e-3) << c;
  }
}

TEST_F(NetworkProbeTest, ShufflingNothingChangesNothingAndShufflingIsDrawnByCandidateAndNumber) {
  MakeProbe(FeatureSpec(3));
  const std::vector<float> all(12, 1.0f);
  ASSERT_OK_AND_ASSIGN(const double whole, probe_->ValidationLoss(all));
  ASSERT_OK_AND_ASSIGN(const double same, probe_->PermutedLoss(-1, 0, 4096));
  EXPECT_NEAR(same, whole, 1e-9);
  for (const int32_t c : {0, 10}) {
    ASSERT_OK_AND_ASSIGN(const double first, probe_->PermutedLoss(c, 0, 4096));
    ASSERT_OK_AND_ASSIGN(const double again, probe_->PermutedLoss(c, 0, 4096));
    ASSERT_OK_AND_ASSIGN(const double second, probe_->PermutedLoss(c, 1, 4096));
    EXPECT_EQ(first, again);
    EXPECT_NE(first, second);
    EXPECT_NE(first, whole);
  }
}

// A column whose weights are 0 costs nothing, whatever stands in it.
TEST_F(NetworkProbeTest, SaliencyIsZeroWhereNothingDependsOnTheInput) {
  MakeProbe(FeatureSpec(3));
  const plan::InputField& field = plan_.model.fields[1];
  for (int32_t r = 0; r < field.rows; ++r) {
    for (int32_t j = 0; j < 16; ++j) network_->weights(0)[(field.first_row + r) * 16 + j] = 0;
  }
  std::vector<float> saliency(12);
  ASSERT_OK(probe_->Saliency(4096, saliency));
  for (size_t c = 0; c < saliency.size(); ++c) {
    if (c == 1) {
      EXPECT_EQ(saliency[c], 0.0f);
    } else {
      EXPECT_GT(saliency[c], 0.0f) << c;
    }
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
