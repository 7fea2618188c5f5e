// Plain values to bytes and back, for checkpoint sections. Little-endian, no type tags: reader and
// writer name the same values in the same order.
#ifndef WINNOW_KERNELS_TRAIN_BYTE_CODEC_H_
#define WINNOW_KERNELS_TRAIN_BYTE_CODEC_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/selection.h"

namespace winnow::train {

class ByteWriter {
 public:
  template <typename T>
  void Value(const T& value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void Text(const std::string& text) {
    Value<uint64_t>(text.size());
    bytes_ += text;
  }
  template <typename T>
  void Vector(const std::vector<T>& values) {
    static_assert(std::is_arithmetic_v<T>);
    Value<uint64_t>(values.size());
    bytes_.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  }
  void Optional(const std::optional<double>& value) {
    Value<uint8_t>(value.has_value());
    Value<double>(value.value_or(0.0));
  }
  std::string Take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

// After a read past the end every value is zero or empty and ok() is false.
class ByteReader {
 public:
  // OWNERSHIP: `bytes` outlives the reader.
  explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  T Value() {
    T value{};
    Copy(&value, sizeof(T));
    return value;
  }
  std::string Text() {
    const auto size = Value<uint64_t>();
    std::string text(Has(size) ? size : 0, '\0');
    Copy(text.data(), text.size());
    return text;
  }
  template <typename T>
  std::vector<T> Vector() {
    const auto size = Value<uint64_t>();
    if (size > bytes_.size() / sizeof(T)) return Fail<T>();
    std::vector<T> values(Has(size * sizeof(T)) ? size : 0);
    Copy(values.data(), values.size() * sizeof(T));
    return values;
  }
  std::optional<double> Optional() {
    const bool present = Value<uint8_t>() != 0;
    const auto value = Value<double>();
    return present ? std::optional<double>(value) : std::nullopt;
  }
  bool ok() const { return ok_; }
  // DATA_LOSS unless everything was there and nothing is left.
  absl::Status Finish(const std::string& what) const;

 private:
  bool Has(uint64_t size);
  void Copy(void* out, uint64_t size);
  template <typename T>
  std::vector<T> Fail() {
    ok_ = false;
    return {};
  }

  std::string_view bytes_;
  size_t position_ = 0;
  bool ok_ = true;
};

void WritePicks(const std::vector<Pick>& picks, ByteWriter& out);
std::vector<Pick> ReadPicks(ByteReader& in);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_BYTE_CODEC_H_
