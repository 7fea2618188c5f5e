#include "kernels/selectors/attention_network.h"

#include <algorithm>
#include <cmath>

namespace winnow::selectors {

AttentionNetwork::AttentionNetwork(int64_t candidates, std::vector<int64_t> units,
                                   double negative_slope, const RngStream& stream)
    : slope_(negative_slope) {
  widths_.push_back(candidates);
  widths_.insert(widths_.end(), units.begin(), units.end());
  widths_.push_back(candidates);
  int64_t size = 0;
  for (size_t l = 0; l + 1 < widths_.size(); ++l) {
    offsets_.push_back(size);
    size += (widths_[l] + 1) * widths_[l + 1];
  }
  parameters_ = GateAdam(size, 0.0f);
  gradient_.resize(static_cast<size_t>(size));
  outputs_.resize(widths_.size());
  for (size_t l = 0; l < offsets_.size(); ++l) {
    const double bound = std::sqrt(6.0 / static_cast<double>(widths_[l] + widths_[l + 1]));
    for (int64_t i = 0; i < widths_[l] * widths_[l + 1]; ++i) {
      const auto at = static_cast<size_t>(offsets_[l] + i);
      parameters_.values()[at] = static_cast<float>(bound * (2.0 * stream.Uniform(at) - 1.0));
    }
  }
}

void AttentionNetwork::Forward(std::span<const float> inputs, std::span<double> average) {
  outputs_[0].assign(inputs.begin(), inputs.end());
  const size_t rows = inputs.size() / static_cast<size_t>(widths_[0]);
  for (size_t l = 0; l < offsets_.size(); ++l) {
    const auto in = static_cast<size_t>(widths_[l]), out = static_cast<size_t>(widths_[l + 1]);
    const float* weights = parameters_.values().data() + offsets_[l];
    const float* bias = weights + in * out;
    outputs_[l + 1].resize(rows * out);
    for (size_t n = 0; n < rows; ++n) {
      float* h = outputs_[l + 1].data() + n * out;
      std::copy_n(bias, out, h);
      for (size_t i = 0; i < in; ++i) {
        const float x = outputs_[l][n * in + i];
        const float* w = weights + i * out;
        for (size_t j = 0; j < out; ++j) h[j] += x * w[j];
      }
      if (l + 1 == offsets_.size()) continue;
      for (size_t j = 0; j < out; ++j) h[j] = h[j] > 0 ? h[j] : static_cast<float>(slope_) * h[j];
    }
  }
  std::fill(average.begin(), average.end(), 0.0);
  for (size_t n = 0; n < rows; ++n) {
    for (size_t j = 0; j < average.size(); ++j) {
      average[j] += outputs_.back()[n * average.size() + j] / static_cast<double>(rows);
    }
  }
}

void AttentionNetwork::Backward(std::span<const double> gradient, double rate) {
  const size_t rows = outputs_[0].size() / static_cast<size_t>(widths_[0]);
  std::vector<float> above(outputs_.back().size());
  for (size_t i = 0; i < above.size(); ++i) {
    above[i] = static_cast<float>(gradient[i % gradient.size()] / static_cast<double>(rows));
  }
  std::fill(gradient_.begin(), gradient_.end(), 0.0f);
  for (size_t l = offsets_.size(); l-- > 0;) {
    const auto in = static_cast<size_t>(widths_[l]), out = static_cast<size_t>(widths_[l + 1]);
    const float* weights = parameters_.values().data() + offsets_[l];
    float* d_weights = gradient_.data() + offsets_[l];
    float* d_bias = d_weights + in * out;
    std::vector<float> below(rows * in);
    for (size_t n = 0; n < rows; ++n) {
      const float* dz = above.data() + n * out;
      for (size_t j = 0; j < out; ++j) d_bias[j] += dz[j];
      for (size_t i = 0; i < in; ++i) {
        const float x = outputs_[l][n * in + i];
        const float* w = weights + i * out;
        float* d = d_weights + i * out;
        float sum = 0;
        for (size_t j = 0; j < out; ++j) {
          d[j] += x * dz[j];
          sum += w[j] * dz[j];
        }
        below[n * in + i] = l > 0 && x < 0 ? static_cast<float>(slope_) * sum : sum;
      }
    }
    above = std::move(below);
  }
  parameters_.Update(gradient_, rate);
}

}  // namespace winnow::selectors
