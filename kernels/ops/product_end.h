// What the products of a layer do beside multiplying. Plain data: also included where wider
// instruction sets are compiled.
#ifndef WINNOW_KERNELS_OPS_PRODUCT_END_H_
#define WINNOW_KERNELS_OPS_PRODUCT_END_H_

#include <cstdint>

namespace winnow::ops {

// What is done to every element of a product before it is stored; by default nothing.
struct ProductEnd {
  const float* bias = nullptr;    // [columns], readable in whole vectors: c + bias
  bool relu = false;              // then c where c > 0 or NaN, else 0
  const float* active = nullptr;  // [rows x columns]: scale c where active > 0, else 0
  int64_t active_stride = 0;
  float scale = 1.0f;
};

}  // namespace winnow::ops

#endif  // WINNOW_KERNELS_OPS_PRODUCT_END_H_
