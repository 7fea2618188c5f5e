#include "kernels/data/dictionary.h"

#include <zlib.h>

#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr char kMagic[] = {'W', 'N', 'W', 'D', 'I', 'C', 'T', '1'};

absl::Status Damaged(const std::string& path, const std::string& what) {
  return absl::DataLossError(absl::StrCat("dictionaries ", path, ": ", what));
}

// A cursor that never reads past the end.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  bool Read(T* value) {
    if (bytes_.size() - position_ < sizeof(T)) return false;
    std::memcpy(value, bytes_.data() + position_, sizeof(T));
    position_ += sizeof(T);
    return true;
  }
  bool Read(uint64_t size, std::string_view* out) {
    if (bytes_.size() - position_ < size) return false;
    *out = bytes_.substr(position_, size);
    position_ += size;
    return true;
  }
  size_t left() const { return bytes_.size() - position_; }

 private:
  std::string_view bytes_;
  size_t position_ = 0;
};

bool ReadColumn(Cursor* cursor, Dictionary* out) {
  uint32_t column, values;
  std::string_view ends, bytes;
  if (!cursor->Read(&column) || !cursor->Read(&values)) return false;
  if (!cursor->Read(uint64_t{values} * sizeof(uint64_t), &ends)) return false;
  out->column = static_cast<int32_t>(column);
  out->ends.resize(values);
  if (values > 0) std::memcpy(out->ends.data(), ends.data(), ends.size());
  for (size_t i = 1; i < out->ends.size(); ++i) {
    if (out->ends[i] < out->ends[i - 1]) return false;
  }
  if (!cursor->Read(values == 0 ? 0 : out->ends.back(), &bytes)) return false;
  out->bytes.assign(bytes);
  return true;
}

}  // namespace

absl::Status DictionaryWriter::Put(const void* data, size_t size) {
  if (size == 0) return absl::OkStatus();  // zlib takes a null pointer for the start of a new sum
  crc_ = static_cast<uint32_t>(::crc32_z(crc_, static_cast<const Bytef*>(data), size));
  return sink_(static_cast<const char*>(data), size);
}

absl::Status DictionaryWriter::Begin(int32_t columns) {
  RETURN_IF_ERROR(Put(kMagic, sizeof(kMagic)));
  return PutNumber(static_cast<uint32_t>(columns));
}

absl::Status DictionaryWriter::Add(const Dictionary& dictionary) {
  RETURN_IF_ERROR(PutNumber(static_cast<uint32_t>(dictionary.column)));
  RETURN_IF_ERROR(PutNumber(static_cast<uint32_t>(dictionary.ends.size())));
  RETURN_IF_ERROR(Put(dictionary.ends.data(), dictionary.ends.size() * sizeof(uint64_t)));
  return Put(dictionary.bytes.data(), dictionary.bytes.size());
}

absl::Status DictionaryWriter::End() {
  const uint32_t crc = crc_;
  return sink_(reinterpret_cast<const char*>(&crc), sizeof(crc));
}

std::string EncodeDictionaries(const std::vector<Dictionary>& dictionaries) {
  std::string out;
  DictionaryWriter writer([&out](const char* data, size_t size) {
    out.append(data, size);
    return absl::OkStatus();
  });
  // The sink never fails.
  writer.Begin(static_cast<int32_t>(dictionaries.size())).IgnoreError();
  for (const Dictionary& dictionary : dictionaries) writer.Add(dictionary).IgnoreError();
  writer.End().IgnoreError();
  return out;
}

absl::StatusOr<std::vector<Dictionary>> DecodeDictionaries(std::string_view bytes,
                                                           const std::string& path) {
  uint32_t crc, columns;
  if (bytes.size() < sizeof(kMagic) + 2 * sizeof(uint32_t)) return Damaged(path, "cut short");
  if (std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) {
    return Damaged(path, "does not begin with WNWDICT1");
  }
  const size_t checked = bytes.size() - sizeof(crc);
  std::memcpy(&crc, bytes.data() + checked, sizeof(crc));
  if (crc !=
      static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), checked))) {
    return Damaged(path, "wrong checksum");
  }
  Cursor cursor(bytes.substr(sizeof(kMagic), checked - sizeof(kMagic)));
  if (!cursor.Read(&columns)) return Damaged(path, "cut short");
  std::vector<Dictionary> dictionaries;
  for (uint32_t i = 0; i < columns; ++i) {
    Dictionary dictionary;
    if (!ReadColumn(&cursor, &dictionary)) return Damaged(path, absl::StrCat("column ", i));
    dictionaries.push_back(std::move(dictionary));
  }
  if (cursor.left() != 0) return Damaged(path, "bytes after the last column");
  return dictionaries;
}

absl::StatusOr<std::vector<Dictionary>> ReadDictionaries(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("cannot open ", path));
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return absl::InternalError(absl::StrCat("cannot read ", path));
  return DecodeDictionaries(bytes, path);
}

uint64_t HashValue(std::string_view value) {
  uint64_t hash = 0xcbf29ce484222325ull;  // FNV-1a
  for (const char c : value) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ull;
  hash ^= hash >> 33;  // fmix64
  hash *= 0xff51afd7ed558ccdull;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ull;
  hash ^= hash >> 33;
  return hash;
}

int32_t HashedCode(std::string_view value, int64_t buckets) {
  return static_cast<int32_t>(1 + HashValue(value) % static_cast<uint64_t>(buckets));
}

}  // namespace winnow::data
