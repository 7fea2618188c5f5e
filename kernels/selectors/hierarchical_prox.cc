#include "kernels/selectors/hierarchical_prox.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

namespace winnow::selectors {
namespace {

template <typename Visit>
void ForEach(const WeightPieces& pieces, const Visit& visit) {
  for (int64_t i = 0; i < pieces.count; ++i) {
    float* piece = pieces.data + i * pieces.stride;
    for (int64_t j = 0; j < pieces.length; ++j) visit(piece[j]);
  }
}

double Norm(const WeightPieces& pieces) {
  double square = 0;
  ForEach(pieces, [&](float value) { square += static_cast<double>(value) * value; });
  return std::sqrt(square);
}

// |b| from |v| and the sorted |u|. The bound M |b| with s of the w_j on it is the answer when it is
// at least the next |u_j|; it falls with s as long as it is not.
double SkipNorm(double lambda, double hierarchy, double norm, const std::vector<float>& sorted) {
  double sum = 0;
  for (size_t s = 0;; ++s) {
    const double on_bound = static_cast<double>(s);
    const double size =
        std::max(0.0, norm - lambda + hierarchy * sum) / (1.0 + on_bound * hierarchy * hierarchy);
    if (s == sorted.size() || hierarchy * size >= sorted[s]) return size;
    sum += sorted[s];
  }
}

}  // namespace

void HierarchicalProx(double lambda, double hierarchy, const WeightPieces& skip,
                      const WeightPieces& hidden, std::vector<float>& scratch) {
  scratch.clear();
  ForEach(hidden, [&](float value) { scratch.push_back(std::abs(value)); });
  std::sort(scratch.begin(), scratch.end(), std::greater<>());
  const double norm = Norm(skip);
  const double size = SkipNorm(lambda, hierarchy, norm, scratch);
  if (norm > 0) {
    const double factor = size / norm;
    ForEach(skip, [&](float& value) { value = static_cast<float>(value * factor); });
  } else if (size > 0) {
    skip.data[0] = static_cast<float>(size);
  }
  const auto bound = static_cast<float>(hierarchy * size);
  ForEach(hidden, [&](float& value) { value = std::clamp(value, -bound, bound); });
}

double LeavingPenalty(double hierarchy, const WeightPieces& skip, const WeightPieces& hidden) {
  double sum = 0;
  ForEach(hidden, [&](float value) { sum += std::abs(value); });
  return Norm(skip) + hierarchy * sum;
}

}  // namespace winnow::selectors
