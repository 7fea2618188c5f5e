#include "kernels/selectors/skip_network.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <utility>

#include "kernels/base/status.h"

namespace winnow::selectors {
namespace {

constexpr float kMomentum = 0.9f;
constexpr int64_t kRareShare = 256;
constexpr int64_t kCurvatureRows = 1024;
constexpr int kCurvatureRounds = 12;
constexpr size_t kTogether = 4;

constexpr int64_t kLanes = 8;

// Whole blocks of lanes first: loops of fixed length become vector instructions.
void AddScaled(float factor, const float* __restrict from, int64_t count, float* __restrict to) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) to[i + j] += factor * from[i + j];
  }
  for (; i < count; ++i) to[i] += factor * from[i];
}

// Four at once: `to` is read and written once. REQUIRES: count is a multiple of kLanes.
void AddFour(const float* factor, const std::array<const float*, 4>& from, int64_t count,
             float* __restrict to) {
  const float f0 = factor[0], f1 = factor[1], f2 = factor[2], f3 = factor[3];
  for (int64_t i = 0; i < count; i += kLanes) {
    const float* a = from[0] + i;
    const float* b = from[1] + i;
    const float* c = from[2] + i;
    const float* d = from[3] + i;
    float* out = to + i;
    for (int64_t j = 0; j < kLanes; ++j) {
      out[j] += (f0 * a[j] + f1 * b[j]) + (f2 * c[j] + f3 * d[j]);
    }
  }
}

// Codes from 0 without gaps, the frequent ones in order, then one for all rare ones.
std::vector<int32_t> PoolRareCodes(std::vector<int32_t> codes, int64_t vocabulary,
                                   std::vector<float>& scales) {
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary));
  for (const int32_t code : codes) ++counts[static_cast<size_t>(code)];
  const auto rows = static_cast<int64_t>(codes.size());
  std::vector<int32_t> place(counts.size(), -1);
  std::vector<int64_t> kept;
  int64_t rare = 0;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] * kRareShare < rows) {
      rare += counts[code];
      continue;
    }
    place[code] = static_cast<int32_t>(kept.size());
    kept.push_back(counts[code]);
  }
  const auto other = static_cast<int32_t>(kept.size());
  if (rare > 0) kept.push_back(rare);
  for (int32_t& code : codes) {
    code = place[static_cast<size_t>(code)] < 0 ? other : place[static_cast<size_t>(code)];
  }
  for (const int64_t count : kept) {
    scales.push_back(
        std::sqrt(static_cast<float>(rows) / static_cast<float>(std::max<int64_t>(1, count))));
  }
  return codes;
}

}  // namespace

SkipNetwork::Column SkipNetwork::MakeColumn(InputColumn input) {
  Column column;
  if (input.vocabulary > 0) {
    column.codes = PoolRareCodes(std::move(input.codes), input.vocabulary, column.scales);
  } else {
    column.values = std::move(input.values);
    column.scales = {1.0f};
  }
  return column;
}

SkipNetwork::SkipNetwork(std::vector<std::vector<InputColumn>> inputs, TargetSample target,
                         int64_t hidden_units, const RngStream& stream)
    : target_(std::move(target)),
      hidden_(hidden_units),
      outputs_(std::max<int64_t>(1, target_.classes)),
      width_((hidden_ + outputs_ + kLanes - 1) / kLanes * kLanes) {
  for (std::vector<InputColumn>& of_candidate : inputs) {
    const int64_t begin = weight_rows_;
    std::vector<Column>& made = columns_.emplace_back();
    for (InputColumn& input : of_candidate) {
      made.push_back(MakeColumn(std::move(input)));
      made.back().first = weight_rows_;
      weight_rows_ += made.back().weight_rows();
    }
    range_.emplace_back(begin, weight_rows_);
  }
  ListColumns();
  const int64_t size = (weight_rows_ + 1) * width_ + hidden_ * outputs_;
  parameters_.resize(static_cast<size_t>(size));
  gradient_.resize(parameters_.size());
  momentum_.resize(parameters_.size());
  uint64_t draw = 0;
  const auto fill = [&](float* row, double bound) {
    for (int64_t j = 0; j < hidden_; ++j) {
      row[j] = static_cast<float>(bound * (2.0 * stream.Uniform(draw++) - 1.0));
    }
  };
  const double first = std::sqrt(6.0 / static_cast<double>(weight_rows_ + hidden_));
  for (const std::vector<Column>& of_candidate : columns_) {
    for (const Column& column : of_candidate) {
      const double bound = first / std::sqrt(static_cast<double>(column.weight_rows()));
      for (int64_t p = 0; p < column.weight_rows(); ++p) {
        fill(&parameters_[(column.first + p) * width_], bound);
      }
    }
  }
  float* second = &parameters_[(weight_rows_ + 1) * width_];  // V by outputs
  for (int64_t o = 0; o < outputs_; ++o) {
    fill(second + o * hidden_, std::sqrt(6.0 / static_cast<double>(hidden_ + outputs_)));
  }
}

WeightPieces SkipNetwork::hidden(int32_t candidate) {
  const auto [begin, end] = range_[candidate];
  return {parameters_.data() + begin * width_, end - begin, width_, hidden_};
}

WeightPieces SkipNetwork::skip(int32_t candidate) {
  const auto [begin, end] = range_[candidate];
  return {parameters_.data() + begin * width_ + hidden_, end - begin, width_, outputs_};
}

double SkipNetwork::SkipGradientNorm(int32_t candidate) const {
  double square = 0;
  for (int64_t p = range_[candidate].first; p < range_[candidate].second; ++p) {
    for (int64_t o = hidden_; o < hidden_ + outputs_; ++o) {
      const double g = gradient_[p * width_ + o];
      square += g * g;
    }
  }
  return std::sqrt(square);
}

void SkipNetwork::Drop(int32_t candidate) {
  columns_[candidate].clear();
  ListColumns();
}

void SkipNetwork::ListColumns() {
  numbers_.clear();
  coded_.clear();
  for (const std::vector<Column>& of_candidate : columns_) {
    for (const Column& column : of_candidate) {
      (column.values.empty() ? coded_ : numbers_).push_back(&column);
    }
  }
}

void SkipNetwork::GatherNumbers(std::span<const uint32_t> rows) {
  const size_t groups = (numbers_.size() + kTogether - 1) / kTogether;
  x_.assign(groups * rows.size() * kTogether, 0.0f);
  for (size_t k = 0; k < numbers_.size(); ++k) {
    float* x = &x_[k / kTogether * rows.size() * kTogether + k % kTogether];
    const std::vector<float>& values = numbers_[k]->values;
    for (size_t i = 0; i < rows.size(); ++i) x[i * kTogether] = values[rows[i]];
  }
}

void SkipNetwork::Forward(std::span<const uint32_t> rows) {
  const float* bias = &parameters_[weight_rows_ * width_];
  sums_.resize(rows.size() * static_cast<size_t>(width_));
  for (size_t i = 0; i < rows.size(); ++i) std::copy_n(bias, width_, &sums_[i * width_]);
  for (const Column* column : coded_) {
    for (size_t i = 0; i < rows.size(); ++i) {
      AddScaled(column->value(rows[i]), &parameters_[column->weights_of(rows[i]) * width_], width_,
                &sums_[i * width_]);
    }
  }
  GatherNumbers(rows);
  const size_t count = numbers_.size();
  for (size_t k = 0; k < count; k += kTogether) {
    std::array<const float*, kTogether> weights;
    for (size_t j = 0; j < kTogether; ++j) {
      weights[j] = &parameters_[numbers_[std::min(k + j, count - 1)]->first * width_];
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      AddFour(&x_[(k / kTogether * rows.size() + i) * kTogether], weights, width_,
              &sums_[i * width_]);
    }
  }
  const float* second = bias + width_;
  active_.resize(rows.size() * static_cast<size_t>(hidden_));
  for (size_t i = 0; i < rows.size(); ++i) {
    float* sums = &sums_[i * width_];
    float* active = &active_[i * hidden_];
    for (int64_t j = 0; j < hidden_; ++j) active[j] = std::max(0.0f, sums[j]);
    for (int64_t o = 0; o < outputs_; ++o) {
      float sum = 0;
      for (int64_t j = 0; j < hidden_; ++j) sum += active[j] * second[o * hidden_ + j];
      sums[hidden_ + o] += sum;
    }
  }
}

double SkipNetwork::Loss(std::span<const uint32_t> rows) {
  double total = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    float* z = &sums_[i * width_ + hidden_];
    const float y = target_.values[rows[i]];
    if (target_.classes == 0) {
      z[0] -= y;
      total += 0.5 * static_cast<double>(z[0]) * z[0];
      continue;
    }
    const float most = *std::max_element(z, z + outputs_);
    const float own = z[static_cast<int64_t>(y)] - most;
    float sum = 0;
    for (int64_t o = 0; o < outputs_; ++o) sum += z[o] = std::exp(z[o] - most);
    for (int64_t o = 0; o < outputs_; ++o) z[o] /= sum;
    z[static_cast<int64_t>(y)] -= 1.0f;
    total += std::log(sum) - own;
  }
  return total / static_cast<double>(rows.size());
}

void SkipNetwork::Backward(std::span<const uint32_t> rows) {
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  const float* second = &parameters_[(weight_rows_ + 1) * width_];
  float* second_gradient = &gradient_[(weight_rows_ + 1) * width_];
  float* bias_gradient = &gradient_[weight_rows_ * width_];
  const float share = 1.0f / static_cast<float>(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    float* d = &sums_[i * width_];
    const float* active = &active_[i * hidden_];
    for (int64_t o = hidden_; o < hidden_ + outputs_; ++o) d[o] *= share;
    std::fill_n(d, hidden_, 0.0f);
    std::fill(d + hidden_ + outputs_, d + width_, 0.0f);
    for (int64_t o = 0; o < outputs_; ++o) {
      AddScaled(d[hidden_ + o], active, hidden_, second_gradient + o * hidden_);
      AddScaled(d[hidden_ + o], second + o * hidden_, hidden_, d);
    }
    for (int64_t j = 0; j < hidden_; ++j) {
      if (active[j] <= 0) d[j] = 0;
    }
    AddScaled(1.0f, d, width_, bias_gradient);
  }
  for (const Column* column : coded_) {
    for (size_t i = 0; i < rows.size(); ++i) {
      AddScaled(column->value(rows[i]), &sums_[i * width_], width_,
                &gradient_[column->weights_of(rows[i]) * width_]);
    }
  }
  const size_t whole = rows.size() / kTogether * kTogether;
  for (size_t k = 0; k < numbers_.size(); ++k) {
    const float* x = &x_[k / kTogether * rows.size() * kTogether + k % kTogether];
    float* gradient = &gradient_[numbers_[k]->first * width_];
    for (size_t i = 0; i < whole; i += kTogether) {
      std::array<float, kTogether> values;
      std::array<const float*, kTogether> from;
      for (size_t j = 0; j < kTogether; ++j) {
        values[j] = x[(i + j) * kTogether];
        from[j] = &sums_[(i + j) * width_];
      }
      AddFour(values.data(), from, width_, gradient);
    }
    for (size_t i = whole; i < rows.size(); ++i) {
      AddScaled(x[i * kTogether], &sums_[i * width_], width_, gradient);
    }
  }
}

double SkipNetwork::Gradient(std::span<const uint32_t> rows) {
  Forward(rows);
  const double loss = Loss(rows);
  Backward(rows);
  return loss;
}

void SkipNetwork::Step(double rate) {
  const auto step = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      momentum_[i] = kMomentum * momentum_[i] + gradient_[i];
      parameters_[i] -= static_cast<float>(rate) * momentum_[i];
    }
  };
  for (size_t c = 0; c < columns_.size(); ++c) {
    if (!columns_[c].empty()) step(range_[c].first * width_, range_[c].second * width_);
  }
  step(weight_rows_ * width_, static_cast<int64_t>(parameters_.size()));
}

double SkipNetwork::LargestCurvature() const {
  const auto count = static_cast<uint32_t>(std::min(rows(), kCurvatureRows));
  std::vector<double> v(static_cast<size_t>(weight_rows_), 1.0), products(count);
  double eigenvalue = 0;
  for (int round = 0; round < kCurvatureRounds; ++round) {
    double square = 0;
    for (const double value : v) square += value * value;
    const double scale = 1.0 / std::sqrt(std::max(square, 1e-300));
    for (double& value : v) value *= scale;
    std::fill(products.begin(), products.end(), 0.0);
    std::vector<double> next(v.size());
    for (const std::vector<Column>& of_candidate : columns_) {
      for (const Column& column : of_candidate) {
        for (uint32_t i = 0; i < count; ++i) {
          products[i] += column.value(i) * v[column.weights_of(i)];
        }
      }
    }
    for (const std::vector<Column>& of_candidate : columns_) {
      for (const Column& column : of_candidate) {
        for (uint32_t i = 0; i < count; ++i) {
          next[column.weights_of(i)] += column.value(i) * products[i] / count;
        }
      }
    }
    eigenvalue = 0;
    for (size_t p = 0; p < v.size(); ++p) eigenvalue += v[p] * next[p];
    v = std::move(next);
  }
  return eigenvalue;
}

void SkipNetwork::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutArray(prefix + "/network", std::span<const float>(parameters_));
  checkpoint.PutArray(prefix + "/momentum", std::span<const float>(momentum_));
}

absl::Status SkipNetwork::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/network", std::span<float>(parameters_)));
  return checkpoint.GetArray(prefix + "/momentum", std::span<float>(momentum_));
}

}  // namespace winnow::selectors
