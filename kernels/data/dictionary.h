// Values of the categorical columns of an imported table by code: the file dictionaries.bin.
//
//   file   = magic "WNWDICT1", columns (u32), column*, CRC-32 of everything before it (u32)
//   column = index in DatasetProfile::columns (u32), values n (u32), end offsets (u64)[n], bytes
// Value i of a column has code i + 1: values are sorted by (count over all rows descending, bytes
// ascending); code 0 is missing or unknown. Hashed columns are not in the file. Little-endian.
#ifndef WINNOW_KERNELS_DATA_DICTIONARY_H_
#define WINNOW_KERNELS_DATA_DICTIONARY_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::data {

// The dictionary of one column.
struct Dictionary {
  int32_t column = 0;
  std::vector<uint64_t> ends;  // end of value i in bytes
  std::string bytes;

  int64_t size() const { return static_cast<int64_t>(ends.size()); }
  // REQUIRES: 1 <= code <= size().
  std::string_view value(int32_t code) const {
    const uint64_t begin = code == 1 ? 0 : ends[code - 2];
    return std::string_view(bytes).substr(begin, ends[code - 1] - begin);
  }
};

// Writes such a file piece by piece. Call Begin, Add for every column ascending, End.
class DictionaryWriter {
 public:
  using Sink = std::function<absl::Status(const char* data, size_t size)>;
  explicit DictionaryWriter(Sink sink) : sink_(std::move(sink)) {}

  absl::Status Begin(int32_t columns);
  absl::Status Add(const Dictionary& dictionary);
  absl::Status End();

 private:
  absl::Status Put(const void* data, size_t size);
  absl::Status PutNumber(uint32_t value) { return Put(&value, sizeof(value)); }

  Sink sink_;
  uint32_t crc_ = 0;
};

std::string EncodeDictionaries(const std::vector<Dictionary>& dictionaries);
// `path` is for messages. DATA_LOSS with the reason for anything but the bytes of a complete file.
absl::StatusOr<std::vector<Dictionary>> DecodeDictionaries(std::string_view bytes,
                                                           const std::string& path);
// Columns ascending. NOT_FOUND; DATA_LOSS with the reason for anything but an intact file.
absl::StatusOr<std::vector<Dictionary>> ReadDictionaries(const std::string& path);

// FNV-1a, 64 bit, with the finalizer of MurmurHash3 (fmix64), so that the low bits depend on every
// byte. Stable: exported models rely on it.
uint64_t HashValue(std::string_view value);
// Code of a value in a hashed column: 1 + HashValue(value) % buckets.
int32_t HashedCode(std::string_view value, int64_t buckets);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_DICTIONARY_H_
