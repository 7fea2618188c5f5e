// Weights in the safetensors format (huggingface/safetensors, format description of its README).
//
//   file   = N (u64, little-endian), header (N bytes), data
//   header = JSON {"__metadata__": {text: text}, name: {"dtype": "F32", "shape": [...],
//            "data_offsets": [begin, end]}}, offsets counted from the end of the header
// Tensors are stored row by row, one after the other without gaps, ordered by name; the header is
// padded with spaces to a multiple of 8 bytes. The same tensors give the same bytes.
#ifndef WINNOW_KERNELS_EXPORT_SAFETENSORS_H_
#define WINNOW_KERNELS_EXPORT_SAFETENSORS_H_

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::exporting {

struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> values;  // product of shape
};

struct TensorView {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values;
};

struct Safetensors {
  std::map<std::string, Tensor> tensors;
  std::map<std::string, std::string> metadata;
};

// Atomic. INVALID_ARGUMENT when a shape does not fit its values or a name is used twice;
// RESOURCE_EXHAUSTED when the disk is full.
absl::Status WriteSafetensors(const std::string& path, std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata);

// Reads a file of F32 tensors. NOT_FOUND; DATA_LOSS with the reason for anything else.
absl::StatusOr<Safetensors> ReadSafetensors(const std::string& path);

}  // namespace winnow::exporting

#endif  // WINNOW_KERNELS_EXPORT_SAFETENSORS_H_
