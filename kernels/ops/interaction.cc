#include "kernels/ops/interaction.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// Vectors whose dimensions stand transposed at a time: two vectors of lanes, 2 KiB.
constexpr int64_t kColumns = 2 * kLanes;

// out[0, count) = (add ? out : 0) + lanes.
inline void PutLanes(const Lanes& lanes, int64_t count, bool add, float* out) {
  if (count >= kLanes) {
    Store(out) = add ? Load(out) + lanes : lanes;
    return;
  }
  float part[kLanes];
  std::memcpy(part, &lanes, sizeof(part));
  for (int64_t j = 0; j < count; ++j) out[j] = add ? out[j] + part[j] : part[j];
}

// transposed[k][j] = v_{j}[k] for j in [0, columns), 0 for the other columns.
inline void Transpose(int64_t columns, int64_t dims, const float* v, int64_t stride,
                      float (*transposed)[kColumns]) {
  for (int64_t j = 0; j < columns; ++j) {
    for (int64_t k = 0; k < dims; ++k) transposed[k][j] = v[j * stride + k];
  }
}

// Vectors whose sums are in registers at a time: as many chains of additions as hide their latency.
constexpr int64_t kGroup = 4;

// Products of the vectors i .. i + kCount with the transposed vectors, the first of which is
// `first`, over `dims` dimensions.
template <int64_t kCount>
inline void GroupProducts(int64_t i, int64_t first, int64_t dims, const float* v, int64_t stride,
                          const float (*transposed)[kColumns], bool add, float* products) {
  Lanes low[kCount] = {}, high[kCount] = {};
  const bool wide = i + kCount - 1 - first > kLanes;
  const float* vi = v + i * stride;
  for (int64_t k = 0; k < dims; ++k) {
    const Lanes column = Load(transposed[k]);
    for (int64_t r = 0; r < kCount; ++r) low[r] += vi[r * stride + k] * column;
    if (!wide) continue;
    const Lanes next = Load(transposed[k] + kLanes);
    for (int64_t r = 0; r < kCount; ++r) high[r] += vi[r * stride + k] * next;
  }
  for (int64_t r = 0; r < kCount; ++r) {
    const int64_t count = std::min(kColumns, i + r - first);
    float* out = products + PairCount(i + r) + first;
    PutLanes(low[r], count, add, out);
    if (count > kLanes) PutLanes(high[r], count - kLanes, add, out + kLanes);
  }
}

// dv_{i + r} += sum over j of dp v_j, r in [0, kCount), for kLanes dimensions.
template <int64_t kCount>
inline void GroupSums(int64_t i, int64_t n, const float* products, const float* v, int64_t stride,
                      Lanes* sums) {
  Lanes sum[kCount];
  for (int64_t r = 0; r < kCount; ++r) sum[r] = sums[r];
  for (int64_t j = 0; j < i; ++j) {
    const Lanes vj = Load(v + j * stride);
    for (int64_t r = 0; r < kCount; ++r) sum[r] += products[PairCount(i + r) + j] * vj;
  }
  for (int64_t j = i; j < i + kCount; ++j) {
    const Lanes vj = Load(v + j * stride);
    for (int64_t r = 0; r < kCount; ++r) {
      const int64_t other = i + r;
      if (other == j) continue;
      sum[r] += products[other > j ? PairCount(other) + j : PairCount(j) + other] * vj;
    }
  }
  for (int64_t j = i + kCount; j < n; ++j) {
    const Lanes vj = Load(v + j * stride);
    const float* factors = products + PairCount(j) + i;
    for (int64_t r = 0; r < kCount; ++r) sum[r] += factors[r] * vj;
  }
  for (int64_t r = 0; r < kCount; ++r) sums[r] = sum[r];
}

}  // namespace

WINNOW_MULTIVERSION
void InteractionForward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                        int64_t stride, float* p, int64_t ldp) {
  alignas(64) float transposed[kLanes][kColumns] = {};
  for (int64_t row = 0; row < rows; ++row) {
    const float* vectors = v + row * ldv;
    float* products = p + row * ldp;
    for (int64_t k = 0; k < d; k += kLanes) {
      const int64_t dims = std::min<int64_t>(kLanes, d - k);
      for (int64_t first = 0; first < n - 1; first += kColumns) {
        const int64_t columns = std::min(kColumns, n - 1 - first);
        Transpose(columns, dims, vectors + first * stride + k, stride, transposed);
        int64_t i = first + 1;
        for (; i + kGroup <= n; i += kGroup) {
          GroupProducts<kGroup>(i, first, dims, vectors + k, stride, transposed, k > 0, products);
        }
        for (; i < n; ++i) {
          GroupProducts<1>(i, first, dims, vectors + k, stride, transposed, k > 0, products);
        }
      }
    }
  }
}

WINNOW_MULTIVERSION
void InteractionBackward(int64_t rows, int64_t n, int64_t d, const float* v, int64_t ldv,
                         int64_t stride, const float* dp, const float* direct, int64_t ldp,
                         float* dv) {
  for (int64_t row = 0; row < rows; ++row) {
    const float* products = dp + row * ldp;
    for (int64_t k = 0; k < d; k += kLanes) {
      const float* vectors = v + row * ldv + k;
      float* out = dv + row * ldv + k;
      const auto take = [&](int64_t i, int64_t count, const Lanes* sums) {
        for (int64_t r = 0; r < count; ++r) Store(out + (i + r) * stride) = sums[r];
      };
      Lanes sums[kGroup] = {};
      if (direct != nullptr) {
        const auto count = static_cast<size_t>(std::min<int64_t>(kLanes, d - k));
        std::memcpy(&sums[0], direct + row * ldp + k, count * sizeof(float));
      }
      int64_t i = 0;
      for (; i + kGroup <= n; i += kGroup) {
        GroupSums<kGroup>(i, n, products, vectors, stride, sums);
        take(i, kGroup, sums);
        for (Lanes& sum : sums) sum = Lanes{};
      }
      for (; i < n; ++i) {
        GroupSums<1>(i, n, products, vectors, stride, sums);
        take(i, 1, sums);
        sums[0] = Lanes{};
      }
    }
  }
}

}  // namespace winnow::ops
