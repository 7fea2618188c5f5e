#include "kernels/ops/block_sparse_portable.h"

#include <algorithm>

#include "kernels/ops/simd.h"

namespace winnow::ops::portable {
namespace {

// `end` on columns [output, output + width) of rows [row, row + height), while they are in cache.
void Finish(const ProductEnd& end, int64_t row, int64_t height, int64_t output, int32_t width,
            float* z, int64_t ldz) {
  if (end.bias == nullptr && !end.relu && end.active == nullptr) return;
  for (int64_t i = row; i < row + height; ++i) {
    float* out = z + i * ldz + output;
    for (int32_t j = 0; j < width; ++j) {
      float value = out[j];
      if (end.bias != nullptr) value += end.bias[output + j];
      if (end.relu && value <= 0.0f) value = 0.0f;
      if (end.active != nullptr) {
        const float active = end.active[i * end.active_stride + output + j];
        value = active > 0.0f ? end.scale * value : 0.0f;
      }
      out[j] = value;
    }
  }
}

}  // namespace

void BlockProduct(const BlockLists& w, int64_t rows, const float* x, int64_t ldx, float* z,
                  int64_t ldz, const ProductEnd& end) {
  const int64_t block = static_cast<int64_t>(w.depth) * w.value_stride;
  for (int64_t i = 0; i < rows; ++i) {
    const float* row = x + i * ldx;
    for (int32_t q = 0; q < w.columns; ++q) {
      for (int32_t first = 0; first < w.value_stride; first += kLanes) {
        const int32_t output = q * w.width + first;
        const int32_t width = std::min({kLanes, w.width - first, w.outputs - output});
        if (width <= 0) break;
        Lanes sum = {};
        for (int32_t e = w.begin[q]; e < w.begin[q + 1]; ++e) {
          const float* value = w.values + e * block + first;
          const int32_t end = std::min(w.first_input[e] + w.depth, w.inputs);
          for (int32_t k = w.first_input[e]; k < end; ++k, value += w.value_stride) {
            sum += row[k] * Load(value);
          }
        }
        float part[kLanes];
        Store(part) = sum;
        std::copy_n(part, width, z + i * ldz + output);
        Finish(end, i, 1, output, width, z, ldz);
      }
    }
  }
}

void BlockGradient(const GradientRuns& runs, int64_t rows, const float* x, int64_t ldx,
                   const float* dz, int64_t ldz, float* g) {
  for (int32_t run = 0; run < runs.runs; ++run) {
    for (int32_t j = 0; j < runs.depth; ++j) {
      Lanes sum = {};
      for (int64_t i = 0; i < rows; ++i) {
        sum += x[i * ldx + j] * Load(dz + i * ldz + runs.first_output[run]);
      }
      Store(g + runs.place[run] + j * runs.stride) = sum;
    }
  }
}

}  // namespace winnow::ops::portable
