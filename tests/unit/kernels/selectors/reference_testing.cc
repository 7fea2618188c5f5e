#include "tests/unit/kernels/selectors/reference_testing.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "kernels/base/rng.h"

namespace winnow::selectors {
namespace {

void DrawInputs(PlantedData& data, int64_t rows, uint64_t seed) {
  const RngStream stream(seed, "test/inputs");
  data.x.resize(static_cast<size_t>(rows * data.inputs));
  for (size_t i = 0; i < data.x.size(); ++i) data.x[i] = stream.Normal(i);
}

// y = 1 with probability sigmoid(3 sum_i effect_i x_i).
void DrawTargets(PlantedData& data, const std::vector<std::pair<int32_t, double>>& effects,
                 int64_t rows, uint64_t seed) {
  const RngStream stream(seed, "test/targets");
  for (int64_t n = 0; n < rows; ++n) {
    double z = 0;
    for (const auto& [input, effect] : effects) z += 3 * effect * data.x[n * data.inputs + input];
    data.y.push_back(stream.Uniform(n) < 1 / (1 + std::exp(-z)) ? 1.0 : 0.0);
  }
}

void OneCandidatePerInput(PlantedData& data) {
  for (int32_t i = 0; i < data.inputs; ++i) {
    for (int32_t h = 0; h < data.hidden; ++h) data.candidate_of.push_back(i);
  }
}

void AddFeatures(PlantedData& data, int32_t features) {
  data.inputs = features;
  for (int32_t i = 0; i < features; ++i) {
    Candidate candidate;
    candidate.name = "x" + std::to_string(i);
    candidate.columns = {i};
    candidate.cost = {.price = 1.0 + i, .bytes = 4 * (i + 1), .flops = data.hidden};
    data.candidates.items.push_back(candidate);
  }
  OneCandidatePerInput(data);
}

void AddChunks(PlantedData& data) {
  data.inputs = 10;
  for (int32_t i = 0; i < data.inputs; ++i) {
    const int32_t field = i / 2, chunk = i % 2;
    Candidate candidate;
    candidate.name = "f" + std::to_string(field) + "[" + std::to_string(chunk) + "]";
    candidate.columns = {field};
    candidate.begin = chunk;
    candidate.end = chunk + 1;
    candidate.cost = {.price = 1.0, .bytes = 40 * (field + 1), .flops = data.hidden};
    candidate.prerequisite = chunk == 0 ? -1 : i - 1;
    data.candidates.items.push_back(candidate);
  }
  OneCandidatePerInput(data);
}

void AddBlocks(PlantedData& data) {
  data.inputs = 8;
  BlockGrid& grid = data.candidates.grid;
  grid = {.layer = 0, .rows = 8, .columns = data.hidden, .block_rows = 2, .block_columns = 4};
  for (int32_t b = 0; b < grid.grid_rows() * grid.grid_columns(); ++b) {
    Candidate candidate;
    candidate.name = "dense_0[" + std::to_string(b / grid.grid_columns()) + "," +
                     std::to_string(b % grid.grid_columns()) + "]";
    candidate.cost = {.price = 1.0, .bytes = 32, .flops = 8};
    data.candidates.items.push_back(candidate);
  }
  for (int32_t i = 0; i < data.inputs; ++i) {
    for (int32_t h = 0; h < data.hidden; ++h) {
      data.candidate_of.push_back(i / 2 * grid.grid_columns() + h / 4);
    }
  }
}

}  // namespace

Budget PlantedData::TruthBudget() const {
  Budget budget;
  budget.max_count = static_cast<int64_t>(truth.size());
  return budget;
}

PlantedData MakePlanted(GateKind gate, uint64_t seed) {
  constexpr int64_t kRows = 4096;
  PlantedData data;
  data.candidates.gate = gate;
  std::vector<std::pair<int32_t, double>> effects;
  if (gate == GateKind::kFeature) {
    AddFeatures(data, 10);
    effects = {{2, 1.0}, {5, -0.8}, {7, 0.6}};
    data.truth = {2, 5, 7};
  } else if (gate == GateKind::kChunk) {
    AddChunks(data);
    effects = {{2, 1.0}, {3, -0.8}, {6, 0.7}};
    data.truth = {2, 3, 6};
  } else {
    AddBlocks(data);
    effects = {{2, 1.0}, {3, -0.8}, {6, 0.7}, {7, 0.7}};
    data.truth = {2, 3, 6, 7};
  }
  DrawInputs(data, kRows, seed);
  DrawTargets(data, effects, kRows, seed);
  return data;
}

PlantedData MakeXor(int32_t features, int64_t rows, uint64_t seed) {
  PlantedData data;
  data.hidden = 16;
  data.candidates.gate = GateKind::kFeature;
  AddFeatures(data, features);
  DrawInputs(data, rows, seed);
  for (double& value : data.x) value = value > 0 ? 1.0 : -1.0;
  for (int64_t n = 0; n < rows; ++n) {
    data.y.push_back(data.x[n * features] * data.x[n * features + 1] > 0 ? 1.0 : 0.0);
  }
  data.truth = {0, 1};
  return data;
}

ReferenceModel::ReferenceModel(const PlantedData& data, uint64_t seed)
    : data_(&data),
      w1_(static_cast<size_t>(data.inputs * data.hidden)),
      b1_(static_cast<size_t>(data.hidden)),
      w2_(static_cast<size_t>(data.hidden)) {
  const RngStream stream(seed, "test/init");
  uint64_t index = 0;
  for (double& w : w1_) w = stream.Normal(index++) / std::sqrt(data.inputs);
  for (double& w : w2_) w = stream.Normal(index++) / std::sqrt(data.hidden);
  ClearMoments();
}

void ReferenceModel::ClearMoments() {
  moments_.assign(2 * (w1_.size() + b1_.size() + w2_.size() + 1), 0.0);
  adam_steps_ = 0;
}

ReferenceModel::Gradient ReferenceModel::Backward(std::span<const float> mask, int64_t first,
                                                  int64_t count) const {
  const int32_t inputs = data_->inputs, hidden = data_->hidden;
  Gradient g{std::vector<double>(w1_.size()), std::vector<double>(b1_.size()),
             std::vector<double>(w2_.size())};
  std::vector<double> a(static_cast<size_t>(hidden));
  for (int64_t n = first; n < first + count; ++n) {
    const double* x = &data_->x[n % data_->rows() * inputs];
    const double y = data_->y[n % data_->rows()];
    double z = b2_;
    for (int32_t h = 0; h < hidden; ++h) {
      double sum = b1_[h];
      for (int32_t i = 0; i < inputs; ++i) {
        const size_t w = static_cast<size_t>(i * hidden + h);
        sum += x[i] * w1_[w] * mask[data_->candidate_of[w]];
      }
      a[h] = std::tanh(sum);
      z += a[h] * w2_[h];
    }
    g.loss += std::max(z, 0.0) - z * y + std::log1p(std::exp(-std::abs(z)));
    const double dz = 1 / (1 + std::exp(-z)) - y;
    g.b2 += dz;
    for (int32_t h = 0; h < hidden; ++h) {
      g.w2[h] += dz * a[h];
      const double dh = dz * w2_[h] * (1 - a[h] * a[h]);
      g.b1[h] += dh;
      for (int32_t i = 0; i < inputs; ++i) g.w1[i * hidden + h] += dh * x[i];
    }
  }
  const double scale = 1.0 / static_cast<double>(count);
  for (auto* v : {&g.w1, &g.b1, &g.w2}) {
    for (double& value : *v) value *= scale;
  }
  g.b2 *= scale;
  g.loss *= scale;
  return g;
}

void ReferenceModel::MaskGradient(const Gradient& gradient, std::span<float> out) const {
  std::vector<double> sums(out.size());
  for (size_t w = 0; w < w1_.size(); ++w) sums[data_->candidate_of[w]] += gradient.w1[w] * w1_[w];
  for (size_t c = 0; c < sums.size(); ++c) out[c] = static_cast<float>(sums[c]);
}

double ReferenceModel::Step(std::span<const float> mask, std::span<const float> ridge,
                            int64_t first, int64_t count, double learning_rate,
                            std::span<float> mask_gradient) {
  const Gradient g = Backward(mask, first, count);  // g.w1 = d loss / d (W1 . m)
  if (!mask_gradient.empty()) MaskGradient(g, mask_gradient);
  ++adam_steps_;
  const auto t = static_cast<double>(adam_steps_);
  size_t slot = 0;
  const auto update = [&](double& weight, double gradient) {
    double& m = moments_[slot++];
    double& v = moments_[slot++];
    m = 0.9 * m + 0.1 * gradient;
    v = 0.999 * v + 0.001 * gradient * gradient;
    weight -= learning_rate * m / (1 - std::pow(0.9, t)) /
              (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
  };
  for (size_t w = 0; w < w1_.size(); ++w) {
    const double m = mask[data_->candidate_of[w]];
    if (m > 0) {
      const double shrink = ridge.empty() ? 0.0 : ridge[data_->candidate_of[w]];
      update(w1_[w], m * g.w1[w] + shrink * w1_[w]);
    } else {
      slot += 2;
    }
  }
  for (size_t h = 0; h < b1_.size(); ++h) update(b1_[h], g.b1[h]);
  for (size_t h = 0; h < w2_.size(); ++h) update(w2_[h], g.w2[h]);
  update(b2_, g.b2);
  return g.loss;
}

double ReferenceModel::Loss(std::span<const float> mask) const {
  return Backward(mask, 0, data_->rows()).loss;
}

void ReferenceModel::Norms(bool times_rms, std::span<float> out) const {
  std::vector<double> sums(out.size());
  for (int32_t i = 0; i < data_->inputs; ++i) {
    double square = 1;
    if (times_rms) {
      square = 0;
      for (int64_t n = 0; n < data_->rows(); ++n) {
        square += data_->x[n * data_->inputs + i] * data_->x[n * data_->inputs + i];
      }
      square /= static_cast<double>(data_->rows());
    }
    for (int32_t h = 0; h < data_->hidden; ++h) {
      const size_t w = static_cast<size_t>(i * data_->hidden + h);
      sums[data_->candidate_of[w]] += square * w1_[w] * w1_[w];
    }
  }
  for (size_t c = 0; c < out.size(); ++c) out[c] = static_cast<float>(std::sqrt(sums[c]));
}

void ReferenceModel::WeightNorms(std::span<float> out) const { Norms(false, out); }

absl::Status ReferenceModel::Contributions(std::span<float> out) {
  Norms(true, out);
  return absl::OkStatus();
}

absl::StatusOr<double> ReferenceModel::ValidationLoss(std::span<const float> mask) {
  return Loss(mask);
}

absl::Status ReferenceModel::Inputs(int32_t candidate, int64_t max_rows,
                                    std::vector<InputColumn>& out) {
  out.assign(1, {});
  for (int64_t n = 0; n < std::min(max_rows, data_->rows()); ++n) {
    out[0].values.push_back(static_cast<float>(data_->x[n * data_->inputs + candidate]));
  }
  return absl::OkStatus();
}

absl::Status ReferenceModel::BatchInputs(int64_t max_rows, std::vector<float>& out) {
  out.clear();
  for (int64_t n = batch_; n < batch_ + max_rows; ++n) {
    const double* x = &data_->x[n % data_->rows() * data_->inputs];
    out.insert(out.end(), x, x + data_->inputs);
  }
  return absl::OkStatus();
}

absl::Status ReferenceModel::Targets(int64_t max_rows, TargetSample& out) {
  out.classes = 2;
  const int64_t rows = std::min(max_rows, data_->rows());
  out.values.assign(data_->y.begin(), data_->y.begin() + rows);
  return absl::OkStatus();
}

double ReferenceModel::Logit(const double* x, std::span<const float> mask, double* gradient) const {
  double z = b2_;
  for (int32_t i = 0; gradient != nullptr && i < data_->inputs; ++i) gradient[i] = 0;
  for (int32_t h = 0; h < data_->hidden; ++h) {
    double sum = b1_[h];
    const auto at = [&](int32_t i) { return static_cast<size_t>(i * data_->hidden + h); };
    for (int32_t i = 0; i < data_->inputs; ++i) {
      sum += x[i] * w1_[at(i)] * mask[data_->candidate_of[at(i)]];
    }
    const double a = std::tanh(sum);
    z += a * w2_[h];
    for (int32_t i = 0; gradient != nullptr && i < data_->inputs; ++i) {
      gradient[i] += w2_[h] * (1 - a * a) * w1_[at(i)];
    }
  }
  return z;
}

absl::Status ReferenceModel::ResidualCorrelations(std::span<const float> mask, int64_t max_rows,
                                                  std::span<float> out) {
  const int64_t rows = std::min(max_rows, data_->rows());
  std::vector<double> sums(out.size());
  for (int64_t n = 0; n < rows; ++n) {
    const double* x = &data_->x[n * data_->inputs];
    const double r = 1 / (1 + std::exp(-Logit(x, mask, nullptr))) - data_->y[n];
    for (int32_t i = 0; i < data_->inputs; ++i) sums[i] += r * x[i];
  }
  for (size_t c = 0; c < out.size(); ++c) {
    out[c] = static_cast<float>(std::abs(sums[c]) / std::sqrt(rows));
  }
  return absl::OkStatus();
}

absl::Status ReferenceModel::ValidationMaskGradient(int64_t draw, std::span<const float> mask,
                                                    std::span<float> out) {
  constexpr int64_t kBatch = 64;
  MaskGradient(Backward(mask, draw * kBatch, kBatch), out);
  return absl::OkStatus();
}

absl::Status ReferenceModel::Saliency(int64_t max_rows, std::span<float> out) {
  const int64_t rows = std::min(max_rows, data_->rows());
  const std::vector<float> ones(out.size(), 1.0f);
  std::vector<double> mean(static_cast<size_t>(data_->inputs)), sums(out.size());
  for (int64_t n = 0; n < rows; ++n) {
    for (int32_t i = 0; i < data_->inputs; ++i) {
      mean[i] += data_->x[n * data_->inputs + i] / static_cast<double>(rows);
    }
  }
  std::vector<double> gradient(mean.size());
  for (int64_t n = 0; n < rows; ++n) {
    const double* x = &data_->x[n * data_->inputs];
    const double z = Logit(x, ones, gradient.data());
    const double dz = 1 / (1 + std::exp(-z)) - data_->y[n];
    for (int32_t i = 0; i < data_->inputs; ++i) {
      sums[i] += std::abs(dz * gradient[i] * (mean[i] - x[i]));
    }
  }
  for (size_t c = 0; c < out.size(); ++c) {
    out[c] = static_cast<float>(sums[c] / static_cast<double>(rows));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> ReferenceModel::PermutedLoss(int32_t candidate, int64_t draw,
                                                    int64_t max_rows) {
  const int64_t rows = std::min<int64_t>(max_rows, 512);
  const std::vector<float> ones(static_cast<size_t>(num_candidates()), 1.0f);
  const auto order =
      RngStream(1, "test/permutation")
          .Permutation(static_cast<uint32_t>(rows), static_cast<uint64_t>(draw * rows));
  double loss = 0;
  std::vector<double> x(static_cast<size_t>(data_->inputs));
  for (int64_t n = 0; n < rows; ++n) {
    std::copy_n(&data_->x[n * data_->inputs], data_->inputs, x.begin());
    if (candidate >= 0) x[candidate] = data_->x[order[n] * data_->inputs + candidate];
    const double z = Logit(x.data(), ones, nullptr);
    loss += std::max(z, 0.0) - z * data_->y[n] + std::log1p(std::exp(-std::abs(z)));
  }
  return loss / static_cast<double>(rows);
}

}  // namespace winnow::selectors
