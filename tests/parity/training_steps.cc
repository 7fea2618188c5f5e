// Trains a model for ten steps on made-up batches and writes everything that another implementation
// needs to do the same:
//
//   training_steps MODEL OPTIMIZER FILE
//     MODEL      linear, mlp, dlrm_dot, dlrm_concat, dlrm_flat (concat without bottom layers)
//     OPTIMIZER  sgd, adam, lazy_adam, adagrad
//
// FILE (safetensors): "batch<t>/dense" [rows x numbers], "/codes" [rows x fields], "/target" [rows]
// of step t; "step<t>/<tensor>" the parameters before the first (0) and after t steps; "loss"
// [steps]. Metadata: "order", the numeric (n) and categorical (c) fields; "bottom_layers",
// "layers", "interaction", "learning_rate".
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/export/safetensors.h"
#include "kernels/nn/train_step.h"
#include "kernels/ops/threading.h"
#include "kernels/plan/model_shape.h"

namespace winnow {
namespace {

constexpr char kOrder[] = "ncnccnnc";
constexpr int32_t kDimension = 8, kRows = 128, kSteps = 10;
constexpr int32_t kLookedAt[] = {1, 10};  // steps after which the parameters are written
constexpr int64_t kVocabulary = 40;

struct Batch final : nn::BatchSource {
  Batch(int32_t numbers_in, int32_t fields_in, int step) : numbers(numbers_in), fields(fields_in) {
    const RngStream random(step, "parity/batch");
    uint64_t draw = 0;
    for (int32_t i = 0; i < kRows; ++i) {
      for (int32_t j = 0; j < numbers; ++j) {
        dense.push_back(static_cast<float>(random.Normal(draw++)));
      }
      for (int32_t j = 0; j < fields; ++j) {
        const double u = random.Uniform(draw++);
        codes.push_back(static_cast<int32_t>(u * u * u * kVocabulary));
      }
      target.push_back(random.Uniform(draw++) < 0.5 ? 0.0f : 1.0f);
    }
  }
  void Fill(int64_t begin, int64_t end, int, const nn::BatchRows& out) const override {
    for (int64_t i = begin; i < end; ++i) {
      std::copy_n(&dense[i * numbers], numbers, out.dense + (i - begin) * out.dense_stride);
      std::copy_n(&codes[i * fields], fields, out.codes + (i - begin) * fields);
      out.target[i - begin] = target[i];
      out.weight[i - begin] = 1.0f;
    }
  }

  int32_t numbers, fields;
  std::vector<float> dense, target;
  std::vector<int32_t> codes;
};

absl::StatusOr<plan::ModelShape> ShapeOf(const std::string& model) {
  plan::ModelShape shape;
  for (int32_t column = 0; kOrder[column] != 0; ++column) {
    const bool categorical = kOrder[column] == 'c';
    shape.fields.push_back({.column = column,
                            .categorical = categorical,
                            .rows = categorical ? kDimension : 1,
                            .vocabulary = categorical ? kVocabulary : 0});
  }
  shape.embedding_dimension = kDimension;
  if (model != "linear") shape.hidden_units = {32, 20};
  if (model == "linear") {
    shape.kind = plan::ModelKind::kLinear;
  } else if (model.rfind("dlrm_", 0) == 0) {
    shape.kind = plan::ModelKind::kDlrm;
    if (model == "dlrm_dot") shape.interaction = plan::Interaction::kDot;
    if (model != "dlrm_flat") shape.bottom_units = {24, kDimension};
  } else if (model != "mlp") {
    return absl::InvalidArgumentError("no model '" + model + "'");
  }
  plan::LayOut(shape);
  return shape;
}

absl::StatusOr<std::pair<plan::Optimizer, double>> OptimizerAndRate(const std::string& name) {
  if (name == "sgd") return std::pair{plan::Optimizer::kSgd, 0.5};
  if (name == "adam") return std::pair{plan::Optimizer::kAdam, 0.01};
  if (name == "lazy_adam") return std::pair{plan::Optimizer::kLazyAdam, 0.01};
  if (name == "adagrad") return std::pair{plan::Optimizer::kAdagrad, 0.05};
  return absl::InvalidArgumentError("no optimizer '" + name + "'");
}

// What is written, in the order it came about.
class Record {
 public:
  void Add(const std::string& name, std::vector<int64_t> shape, std::vector<float> values) {
    tensors_[name] = {std::move(shape), std::move(values)};
  }
  void AddParameters(int step, const nn::Network& network) {
    for (const nn::TensorView& tensor : network.Tensors()) {
      Add(absl::StrCat("step", step, "/", tensor.name), tensor.shape,
          {tensor.values.begin(), tensor.values.end()});
    }
  }
  void AddBatch(int step, const Batch& batch) {
    const std::string prefix = absl::StrCat("batch", step, "/");
    Add(prefix + "dense", {kRows, batch.numbers}, batch.dense);
    Add(prefix + "codes", {kRows, batch.fields}, {batch.codes.begin(), batch.codes.end()});
    Add(prefix + "target", {kRows}, batch.target);
  }
  absl::Status Write(const std::string& path,
                     const std::map<std::string, std::string>& metadata) const {
    std::vector<exporting::TensorView> views;
    for (const auto& [name, tensor] : tensors_)
      views.push_back({name, tensor.shape, tensor.values});
    return exporting::WriteSafetensors(path, views, metadata);
  }

 private:
  std::map<std::string, exporting::Tensor> tensors_;
};

absl::Status Run(const std::string& model, const std::string& optimizer_name,
                 const std::string& path) {
  ASSIGN_OR_RETURN(const plan::ModelShape shape, ShapeOf(model));
  ASSIGN_OR_RETURN(const auto optimizer, OptimizerAndRate(optimizer_name));
  ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(shape));
  network.Init(1, "parity");
  ShardPool pool(1, ops::UseOneThread);
  nn::TrainStepOptions options;
  options.optimizer = nn::OptimizerFor(optimizer.first, /*momentum=*/0.0);
  options.batch_size = kRows;
  ASSIGN_OR_RETURN(const auto train_step, nn::TrainStep::Create(&network, nullptr, options, &pool));
  Record record;
  record.AddParameters(0, network);
  std::vector<float> losses;
  for (int step = 0; step < kSteps; ++step) {
    const Batch batch(shape.dense_width, plan::EmbeddingCount(shape), step);
    record.AddBatch(step, batch);
    nn::StepInput input;
    input.step = step;
    input.rows = kRows;
    input.learning_rate = optimizer.second;
    ASSIGN_OR_RETURN(const double loss, train_step->Run(input, batch));
    losses.push_back(static_cast<float>(loss));
    for (const int32_t looked_at : kLookedAt) {
      if (looked_at == step + 1) record.AddParameters(step + 1, network);
    }
  }
  record.Add("loss", {kSteps}, losses);
  return record.Write(path, {{"order", kOrder},
                             {"interaction", plan::HasDots(shape) ? "dot" : "concat"},
                             {"bottom_layers", absl::StrCat(plan::TopLayer(shape))},
                             {"layers", absl::StrCat(plan::Layers(shape).size())},
                             {"learning_rate", absl::StrCat(optimizer.second)}});
}

}  // namespace
}  // namespace winnow

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: training_steps MODEL OPTIMIZER FILE\n");
    return 2;
  }
  const absl::Status status = winnow::Run(argv[1], argv[2], argv[3]);
  if (status.ok()) return 0;
  std::fprintf(stderr, "training_steps: %s\n", std::string(status.message()).c_str());
  return 1;
}
