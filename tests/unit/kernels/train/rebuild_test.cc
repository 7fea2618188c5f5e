// A finished job's files alone, weights and manifest, rebuild the model: same metrics on raw
// values.
#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/split.h"
#include "kernels/export/safetensors.h"
#include "kernels/train/metrics.h"
#include "nlohmann/json.hpp"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"

namespace winnow::train {
namespace {

// The model as manifest.h describes it, in plain loops and double precision.
class RebuiltModel {
 public:
  RebuiltModel(const std::string& manifest_path, exporting::Safetensors tensors)
      : manifest_(nlohmann::json::parse(std::ifstream(manifest_path))),
        tensors_(std::move(tensors)) {}

  std::vector<double> Outputs(const PlantedTable& table, size_t row) const {
    std::vector<double> vectors, h = Inputs(table, row, vectors);
    int bottom = Join().value("bottom_layers", 0);
    for (const auto& layer : manifest_["layers"]) {
      if (bottom-- == 0 && manifest_.contains("interaction")) h = Joined(h, std::move(vectors));
      const std::string name = layer["name"];
      const auto& w = tensors_.tensors.at(name + ".weight");
      const auto& b = tensors_.tensors.at(name + ".bias");
      const size_t inputs = layer["inputs"], outputs = layer["outputs"];
      std::vector<double> z(b.values.begin(), b.values.end());
      for (size_t r = 0; r < inputs; ++r) {
        for (size_t j = 0; j < outputs; ++j) z[j] += h[r] * w.values[r * outputs + j];
      }
      if (layer["activation"] == "relu") {
        for (double& value : z) value = std::max(value, 0.0);
      }
      h = z;
    }
    return h;
  }

  const nlohmann::json& manifest() const { return manifest_; }

 private:
  nlohmann::json Join() const { return manifest_.value("interaction", nlohmann::json::object()); }

  // The input of the first top layer from the bottom layers' output and the embeddings.
  std::vector<double> Joined(const std::vector<double>& bottom, std::vector<double> v) const {
    v.insert(v.begin(), bottom.begin(), bottom.end());
    if (Join()["kind"] == "concat") return v;
    const size_t d = Join()["dimension"], n = Join()["vectors"];
    EXPECT_EQ(v.size(), n * d);
    std::vector<double> t(v.begin(), v.begin() + static_cast<int64_t>(d));
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < i; ++j) {
        const auto first = v.begin() + static_cast<int64_t>(i * d);
        t.push_back(std::inner_product(first, first + static_cast<int64_t>(d),
                                       v.begin() + static_cast<int64_t>(j * d), 0.0));
      }
    }
    return t;
  }

  // The inputs of the first layer; with bottom layers or dot products without the embeddings, which
  // go to `vectors`.
  std::vector<double> Inputs(const PlantedTable& table, size_t row,
                             std::vector<double>& vectors) const {
    const bool apart = Join().value("kind", "") == "dot" || Join().value("bottom_layers", 0) > 0;
    const int64_t bottom =
        Join().value("bottom_layers", 0) > 0 ? Join()["dimension"].get<int64_t>() : 0;
    std::vector<double> x;
    for (const auto& input : manifest_["inputs"]) {
      const auto column =
          std::find_if(table.columns.begin(), table.columns.end(),
                       [&](const PlantedColumn& c) { return c.name == input["column"]; });
      const bool to_vectors = apart && input["kind"] == "categorical";
      EXPECT_EQ(to_vectors ? bottom + static_cast<int64_t>(vectors.size())
                           : static_cast<int64_t>(x.size()),
                input["rows"][0].get<int64_t>());
      if (input["kind"] == "categorical") {
        const auto& embedding = tensors_.tensors.at(input["tensor"]);
        const int64_t width = embedding.shape[1];
        for (int64_t d = 0; d < width; ++d) {
          (to_vectors ? vectors : x).push_back(embedding.values[column->codes[row] * width + d]);
        }
        continue;
      }
      const float value = column->numeric[row];
      const bool missing = std::isnan(value);
      const double bound = input["bound"];
      const double z = (value - input["centre"].get<double>()) * input["scale"].get<double>();
      x.push_back(missing ? input["fill"].get<double>() : std::clamp(z, -bound, bound));
      if (input.contains("indicator")) {
        x.push_back(input["indicator"][missing ? "missing" : "present"]);
      }
    }
    return x;
  }

  nlohmann::json manifest_;
  exporting::Safetensors tensors_;
};

class RebuildTest : public JobTest {
 protected:
  // Runs the job and scores its test rows with the rebuilt model.
  ScoredRows RunAndScore(const PlantedTable& table, const plan::Spec& spec) {
    SetUpJob(table, spec);
    RecordingObserver observer;
    outcome_ = RunToEnd(observer);
    auto tensors = exporting::ReadSafetensors(outcome_.weights_path);
    EXPECT_OK(tensors);
    const RebuiltModel model(outcome_.manifest_path, *std::move(tensors));
    auto packed = data::PackedTable::Open(folder_ / "dataset" / "table.bin");
    EXPECT_OK(packed);
    auto split = data::MakeSplit(*packed, profile_, profile_.split);
    EXPECT_OK(split);
    ScoredRows scored;
    scored.target = table.kind;
    for (const uint32_t row : split->test) {
      const std::vector<double> z = model.Outputs(table, row);
      scored.label.push_back(table.target[row]);
      if (table.kind == TargetKind::kRegression) {
        const auto& target = model.manifest()["target"];
        scored.score.push_back(static_cast<float>(target["mean"].get<double>() +
                                                  target["stddev"].get<double>() * z[0]));
      } else if (table.kind == TargetKind::kBinary) {
        scored.score.push_back(static_cast<float>(z[0]));
      } else {
        double sum = 0;
        for (const double value : z) sum += std::exp(value);
        const auto label = static_cast<size_t>(table.target[row]);
        scored.score.push_back(static_cast<float>(z[label] - std::log(sum)));
        scored.predicted.push_back(
            static_cast<int32_t>(std::max_element(z.begin(), z.end()) - z.begin()));
        scored.confidence.push_back(0);
      }
    }
    return scored;
  }

  void ExpectReported(const ScoredRows& scored, const std::vector<std::string>& metrics) {
    const auto table = MetricTable::Make(scored, metrics);
    ASSERT_OK(table);
    const auto values = table->Evaluate();
    for (size_t m = 0; m < metrics.size(); ++m) {
      // Single precision of a few hundred sums, over a few hundred rows.
      EXPECT_NEAR(*values[m], *outcome_.selection.metrics.at("test").at(metrics[m]).value, 2e-5)
          << metrics[m];
    }
  }

  JobOutcome outcome_;
};

TEST_F(RebuildTest, BinaryModelOfSelectedFeatures) {
  // Five picks bring n9, which has missing values, or noise; must_keep makes sure of it.
  plan::Spec spec = FeatureSpec(5);
  std::get<plan::FeatureSelection>(spec.task).must_keep = {"n9"};
  ExpectReported(RunAndScore(MakePlanted(TargetKind::kBinary, 1500, 6), spec), {"auc", "log_loss"});
}

TEST_F(RebuildTest, DlrmOfSelectedFeatures) {
  for (const auto interaction : {plan::Interaction::kDot, plan::Interaction::kConcat}) {
    plan::Spec spec = FeatureSpec(5);
    std::get<plan::FeatureSelection>(spec.task).must_keep = {"n9"};
    spec.model = DlrmModel();
    spec.model.interaction = interaction;
    spec.training.optimizer = plan::Optimizer::kAdagrad;
    ExpectReported(RunAndScore(MakePlanted(TargetKind::kBinary, 1500, 6), spec),
                   {"auc", "log_loss"});
  }
}

// The selection leaves no numeric column, so the smaller model has no bottom layers.
TEST_F(RebuildTest, DlrmOfSelectedEmbeddingsAlone) {
  plan::Spec spec = FeatureSpec(2);
  std::get<plan::FeatureSelection>(spec.task).must_keep = {"c0", "c1"};
  spec.model = DlrmModel();
  ExpectReported(RunAndScore(MakePlanted(TargetKind::kBinary, 1500, 6), spec), {"auc", "log_loss"});
  EXPECT_EQ(outcome_.selection.picks.size(), 2u);
}

TEST_F(RebuildTest, MulticlassModelOfNarrowedEmbeddings) {
  ExpectReported(RunAndScore(MakePlanted(TargetKind::kMulticlass, 1500, 6), DimensionSpec(150)),
                 {"accuracy", "log_loss"});
}

TEST_F(RebuildTest, RegressionModelOfPrunedBlocks) {
  const ScoredRows scored =
      RunAndScore(MakePlanted(TargetKind::kRegression, 1500, 6), BlockSpec(0.3));
  ExpectReported(scored, {"r2"});
}

TEST_F(RebuildTest, ManifestNamesTheKeptBlocks) {
  RunAndScore(MakePlanted(TargetKind::kBinary, 700, 6), BlockSpec(0.3));
  const auto manifest = nlohmann::json::parse(std::ifstream(outcome_.manifest_path));
  EXPECT_EQ(manifest["mask"]["layer"], "dense_0");
  EXPECT_EQ(manifest["mask"]["kept"].size(), outcome_.selection.picks.size());
  EXPECT_FALSE(manifest.contains("selected"));
}

}  // namespace
}  // namespace winnow::train
