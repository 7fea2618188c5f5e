#include "kernels/export/safetensors.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/export/atomic_file.h"
#include "nlohmann/json.hpp"

namespace winnow::exporting {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the format's own limit
constexpr char kMetadata[] = "__metadata__";

// Number of values of a shape; -1 when a dimension is negative or the product does not fit.
int64_t Size(const std::vector<int64_t>& shape) {
  int64_t size = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0 || __builtin_mul_overflow(size, dimension, &size)) return -1;
  }
  return size;
}

std::string EncodeLength(uint64_t length) {
  std::string bytes(kLengthBytes, '\0');
  for (size_t i = 0; i < kLengthBytes; ++i) bytes[i] = static_cast<char>(length >> (8 * i) & 0xff);
  return bytes;
}

uint64_t DecodeLength(std::string_view bytes) {
  uint64_t length = 0;
  for (size_t i = 0; i < kLengthBytes; ++i) {
    length |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  }
  return length;
}

absl::Status Damaged(const std::string& path, const std::string& reason) {
  return absl::DataLossError(absl::StrCat("weights '", path, "': ", reason));
}

absl::StatusOr<Tensor> ReadTensor(const std::string& path, const std::string& name,
                                  const nlohmann::json& entry, std::string_view data) {
  if (!entry.is_object() || entry.value("dtype", "") != "F32" || !entry.contains("shape") ||
      !entry.contains("data_offsets")) {
    return Damaged(path, absl::StrCat("tensor '", name, "' is not described as an F32 tensor"));
  }
  Tensor tensor;
  for (const nlohmann::json& dimension : entry["shape"]) {
    if (!dimension.is_number_unsigned()) return Damaged(path, absl::StrCat("shape of ", name));
    tensor.shape.push_back(dimension.get<int64_t>());
  }
  const nlohmann::json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return Damaged(path, absl::StrCat("offsets of ", name));
  }
  const auto begin = offsets[0].get<uint64_t>(), end = offsets[1].get<uint64_t>();
  const int64_t size = Size(tensor.shape);
  if (size < 0 || begin > end || end > data.size() ||
      (end - begin) / sizeof(float) != static_cast<uint64_t>(size) ||
      (end - begin) % sizeof(float) != 0) {
    return Damaged(path, absl::StrCat("tensor '", name, "' does not fit its offsets"));
  }
  tensor.values.resize(static_cast<size_t>(size));
  if (size > 0) std::memcpy(tensor.values.data(), data.data() + begin, end - begin);
  return tensor;
}

}  // namespace

absl::Status WriteSafetensors(const std::string& path, std::span<const TensorView> tensors,
                              const std::map<std::string, std::string>& metadata) {
  std::vector<const TensorView*> sorted;
  for (const TensorView& tensor : tensors) sorted.push_back(&tensor);
  std::sort(sorted.begin(), sorted.end(),
            [](const TensorView* a, const TensorView* b) { return a->name < b->name; });
  nlohmann::ordered_json header;
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t offset = 0;
  for (const TensorView* tensor : sorted) {
    if (Size(tensor->shape) != static_cast<int64_t>(tensor->values.size())) {
      return absl::InvalidArgumentError(absl::StrCat("tensor '", tensor->name, "' has ",
                                                     tensor->values.size(),
                                                     " values, not those of its shape"));
    }
    if (header.contains(tensor->name)) {
      return absl::InvalidArgumentError(absl::StrCat("two tensors named '", tensor->name, "'"));
    }
    const uint64_t end = offset + tensor->values.size_bytes();
    header[tensor->name] = {
        {"dtype", "F32"}, {"shape", tensor->shape}, {"data_offsets", {offset, end}}};
    offset = end;
  }
  std::string text = header.is_null() ? "{}" : header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::string length = EncodeLength(text.size());
  std::vector<std::string_view> parts = {length, text};
  for (const TensorView* tensor : sorted) {
    parts.emplace_back(reinterpret_cast<const char*>(tensor->values.data()),
                       tensor->values.size_bytes());
  }
  return WriteFileAtomically(path, parts);
}

absl::StatusOr<Safetensors> ReadSafetensors(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("weights '", path, "' cannot be opened"));
  std::ostringstream buffer;
  buffer << file.rdbuf();
  const std::string bytes = std::move(buffer).str();
  if (bytes.size() < kLengthBytes) return Damaged(path, "shorter than its length field");
  const uint64_t length = DecodeLength(bytes);
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    return Damaged(path, absl::StrCat("header of ", length, " bytes in a file of ", bytes.size()));
  }
  const std::string_view data = std::string_view(bytes).substr(kLengthBytes + length);
  const auto header = nlohmann::json::parse(
      bytes.begin() + kLengthBytes, bytes.begin() + static_cast<int64_t>(kLengthBytes + length),
      nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) return Damaged(path, "the header is not a JSON object");
  Safetensors result;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      if (!entry.is_object()) return Damaged(path, "the metadata is not a JSON object");
      for (const auto& [key, value] : entry.items()) {
        if (!value.is_string()) return Damaged(path, absl::StrCat("metadata '", key, "'"));
        result.metadata[key] = value.get<std::string>();
      }
      continue;
    }
    ASSIGN_OR_RETURN(result.tensors[name], ReadTensor(path, name, entry, data));
  }
  return result;
}

}  // namespace winnow::exporting
