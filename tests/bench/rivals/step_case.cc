#include "tests/bench/rivals/step_case.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "kernels/base/status.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/plan/model_shape.h"

namespace winnow::bench {
namespace {

template <typename T>
absl::Status ReadArray(const std::string& path, int64_t count, std::vector<T>& out) {
  out.resize(static_cast<size_t>(count));
  const auto bytes = static_cast<std::streamsize>(count * static_cast<int64_t>(sizeof(T)));
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  if (static_cast<std::streamsize>(file.tellg()) != bytes) {
    return absl::InvalidArgumentError(absl::StrCat(
        path, " has ", static_cast<int64_t>(file.tellg()), " bytes, expected ", bytes));
  }
  file.seekg(0);
  file.read(reinterpret_cast<char*>(out.data()), bytes);
  if (!file) return absl::InvalidArgumentError(absl::StrCat("cannot read ", path));
  return absl::OkStatus();
}

using Keys = std::map<std::string, std::string>;

absl::StatusOr<Keys> ReadKeys(const std::string& path) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  Keys keys;
  std::string line;
  while (std::getline(file, line)) {
    const size_t equals = line.find('=');
    if (equals == std::string::npos) {
      return absl::InvalidArgumentError(absl::StrCat(path, ": no '=' in '", line, "'"));
    }
    keys[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return keys;
}

// Numbers of the first layer and those behind it.
std::vector<int32_t> Widths(const StepCase& c) {
  std::vector<int32_t> widths = {c.dense + c.fields * c.dimension};
  widths.insert(widths.end(), c.hidden.begin(), c.hidden.end());
  widths.push_back(c.outputs);
  return widths;
}

}  // namespace

absl::StatusOr<StepCase> LoadStepCase(const std::string& folder) {
  ASSIGN_OR_RETURN(Keys keys, ReadKeys(folder + "/case.txt"));
  const auto number = [&](const char* key) { return std::atoi(keys[key].c_str()); };
  StepCase c;
  c.dense = number("dense"), c.fields = number("fields");
  c.vocabulary = number("vocabulary"), c.dimension = number("dimension");
  for (const auto& part : absl::StrSplit(keys["hidden"], ',', absl::SkipEmpty())) {
    c.hidden.push_back(std::atoi(std::string(part).c_str()));
  }
  c.outputs = number("outputs"), c.batch = number("batch"), c.batches = number("batches");
  c.optimizer = keys["optimizer"];
  c.rate = std::atof(keys["rate"].c_str()), c.epsilon = std::atof(keys["epsilon"].c_str());
  if (c.batch <= 0 || c.batches <= 0 || c.outputs <= 0 || c.candidates() <= 0 || c.rate <= 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(folder, "/case.txt: batch, batches, outputs, rate and inputs must be > 0"));
  }
  int64_t weights = 0;
  const std::vector<int32_t> widths = Widths(c);
  for (size_t l = 0; l + 1 < widths.size(); ++l) {
    weights += (static_cast<int64_t>(widths[l]) + 1) * widths[l + 1];
  }
  const int64_t rows = static_cast<int64_t>(c.batch) * c.batches;
  RETURN_IF_ERROR(ReadArray(folder + "/weights.bin", weights, c.weights));
  RETURN_IF_ERROR(ReadArray(folder + "/tables.bin",
                            static_cast<int64_t>(c.fields) * c.vocabulary * c.dimension, c.tables));
  RETURN_IF_ERROR(ReadArray(folder + "/dense.bin", rows * c.dense, c.dense_values));
  RETURN_IF_ERROR(ReadArray(folder + "/codes.bin", rows * c.fields, c.codes));
  RETURN_IF_ERROR(ReadArray(folder + "/target.bin", rows, c.targets));
  const bool in_range = std::all_of(c.codes.begin(), c.codes.end(),
                                    [&](int32_t code) { return code >= 0 && code < c.vocabulary; });
  if (!in_range) return absl::InvalidArgumentError(folder + "/codes.bin: a code out of range");
  return c;
}

plan::ModelShape ShapeOf(const StepCase& c) {
  plan::ModelShape shape;
  for (int32_t i = 0; i < c.dense; ++i) shape.fields.push_back({i, false, i, 1, 0});
  for (int32_t f = 0; f < c.fields; ++f) {
    shape.fields.push_back(
        {c.dense + f, true, c.dense + f * c.dimension, c.dimension, c.vocabulary});
  }
  shape.embedding_dimension = c.dimension;
  shape.hidden_units = c.hidden;
  shape.outputs = c.outputs;
  plan::LayOut(shape);
  return shape;
}

CandidateSet CandidatesOf(const StepCase& c) {
  CandidateSet set;
  for (int32_t i = 0; i < c.candidates(); ++i) {
    Candidate candidate;
    candidate.name = absl::StrCat("field_", i);
    candidate.columns = {i};
    set.items.push_back(candidate);
  }
  return set;
}

absl::StatusOr<ops::OptimizerSettings> OptimizerOf(const StepCase& c) {
  const std::map<std::string, plan::Optimizer> kinds = {{"adam", plan::Optimizer::kAdam},
                                                        {"lazy_adam", plan::Optimizer::kLazyAdam},
                                                        {"adagrad", plan::Optimizer::kAdagrad},
                                                        {"sgd", plan::Optimizer::kSgd}};
  const auto kind = kinds.find(c.optimizer);
  if (kind == kinds.end()) {
    return absl::InvalidArgumentError(absl::StrCat("no optimizer '", c.optimizer, "'"));
  }
  absl::StatusOr<ops::OptimizerSettings> settings = nn::OptimizerFor(kind->second, 0.0);
  if (settings.ok() && c.epsilon > 0) settings->epsilon = c.epsilon;
  return settings;
}

void CopyWeights(const StepCase& c, nn::Network& network) {
  const float* next = c.weights.data();
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const nn::DenseLayer& layer = network.layers()[l];
    const auto index = static_cast<int32_t>(l);
    std::copy_n(next, layer.weight_count(), network.weights(index));
    next += layer.weight_count();
    std::copy_n(next, layer.outputs, network.bias(index));
    next += layer.outputs;
  }
  const int64_t table = static_cast<int64_t>(c.vocabulary) * c.dimension;
  for (int32_t f = 0; f < c.fields; ++f) {
    std::copy_n(c.tables.data() + f * table, table, network.table(f));
  }
}

void CaseBatches::Fill(int64_t begin, int64_t end, int, const nn::BatchRows& out) const {
  const StepCase& c = *case_;
  const int64_t first = index % c.batches * c.batch + begin, rows = end - begin;
  for (int64_t i = 0; i < rows && c.dense > 0; ++i) {
    std::copy_n(&c.dense_values[(first + i) * c.dense], c.dense, out.dense + i * out.dense_stride);
  }
  if (c.fields > 0) std::copy_n(&c.codes[first * c.fields], rows * c.fields, out.codes);
  if (out.target != nullptr) std::copy_n(&c.targets[first], rows, out.target);
  if (out.weight != nullptr) std::fill_n(out.weight, rows, 1.0f);
}

}  // namespace winnow::bench
