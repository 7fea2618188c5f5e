#include "kernels/base/checkpoint.h"

#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <limits>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "kernels/base/atomic_file.h"

namespace winnow {
namespace {

constexpr std::string_view kMagic = "WNWCKPT1";
constexpr std::string_view kEndMagic = "WNWCKEND";
constexpr uint32_t kFormatVersion = 1;
constexpr size_t kFooterBytes = sizeof(uint32_t) + kEndMagic.size();

template <typename T>
void Append(T value, std::string& out) {
  for (size_t byte = 0; byte < sizeof(T); ++byte) {
    out.push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * byte)));
  }
}

uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

// Takes values off the front of a byte range; never reads past its end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  template <typename T>
  bool Take(T& value) {
    if (bytes_.size() < sizeof(T)) return false;
    uint64_t bits = 0;
    for (size_t byte = 0; byte < sizeof(T); ++byte) {
      bits |= static_cast<uint64_t>(static_cast<unsigned char>(bytes_[byte])) << (8 * byte);
    }
    value = static_cast<T>(bits);
    bytes_.remove_prefix(sizeof(T));
    return true;
  }
  bool Take(uint64_t size, std::string_view& value) {
    if (bytes_.size() < size) return false;
    value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return true;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

absl::Status Damaged(const std::string& reason) {
  return absl::DataLossError("checkpoint: " + reason);
}

// Sections and nothing else. `body` has passed the checksum, so errors here mean a faulty writer or
// a forged file; they are refused all the same.
absl::StatusOr<Checkpoint> DecodeBody(Reader body) {
  Checkpoint checkpoint;
  uint32_t sections = 0;
  if (!body.Take(checkpoint.plan_version) || !body.Take(sections)) {
    return Damaged("the header is incomplete");
  }
  for (uint32_t i = 0; i < sections; ++i) {
    uint32_t name_size = 0;
    uint64_t size = 0;
    std::string_view name, payload;
    if (!body.Take(name_size) || !body.Take(name_size, name) || !body.Take(size) ||
        !body.Take(size, payload)) {
      return Damaged(absl::StrCat("section ", i, " of ", sections, " is cut off"));
    }
    const std::string key(name);
    if (checkpoint.Has(key)) return Damaged("section '" + key + "' occurs twice");
    checkpoint.Put(key, std::string(payload));
  }
  if (!body.empty()) return Damaged("there are bytes after the last section");
  return checkpoint;
}

}  // namespace

absl::StatusOr<std::string> Checkpoint::Get(const std::string& name) const {
  const auto section = sections_.find(name);
  if (section == sections_.end()) {
    return absl::NotFoundError("checkpoint has no section '" + name + "'");
  }
  return section->second;
}

absl::Status Checkpoint::CopyTo(const std::string& name, void* out, size_t size) const {
  const auto section = sections_.find(name);
  if (section == sections_.end()) {
    return absl::NotFoundError("checkpoint has no section '" + name + "'");
  }
  if (section->second.size() != size) {
    return absl::DataLossError(absl::StrCat("checkpoint section '", name, "' has ",
                                            section->second.size(), " bytes, expected ", size));
  }
  if (size > 0) std::memcpy(out, section->second.data(), size);
  return absl::OkStatus();
}

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  size_t size = kMagic.size() + 3 * sizeof(uint32_t) + kFooterBytes;
  for (const auto& [name, payload] : checkpoint.sections()) {
    size += sizeof(uint32_t) + name.size() + sizeof(uint64_t) + payload.size();
  }
  std::string out;
  out.reserve(size);
  out.append(kMagic);
  Append(kFormatVersion, out);
  Append(checkpoint.plan_version, out);
  Append(static_cast<uint32_t>(checkpoint.sections().size()), out);
  for (const auto& [name, payload] : checkpoint.sections()) {
    Append(static_cast<uint32_t>(name.size()), out);
    out.append(name);
    Append(static_cast<uint64_t>(payload.size()), out);
    out.append(payload);
  }
  Append(Crc(out), out);
  out.append(kEndMagic);
  return out;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::span<const char> bytes) {
  std::string_view all(bytes.data(), bytes.size());
  if (all.substr(0, kMagic.size()) != kMagic) return Damaged("the file does not start as one");
  if (all.size() < kMagic.size() + sizeof(uint32_t) + kFooterBytes) {
    return Damaged("the file is cut off");
  }
  uint32_t format = 0;
  Reader(all.substr(kMagic.size())).Take(format);
  if (format != kFormatVersion) {
    return Damaged(absl::StrCat("format version ", format, ", expected ", kFormatVersion));
  }
  if (all.substr(all.size() - kEndMagic.size()) != kEndMagic) {
    return Damaged("the file is cut off");
  }
  uint32_t crc = 0;
  Reader(all.substr(all.size() - kFooterBytes)).Take(crc);
  const std::string_view covered = all.substr(0, all.size() - kFooterBytes);
  if (Crc(covered) != crc) return Damaged("the checksum does not match");
  return DecodeBody(Reader(covered.substr(kMagic.size() + sizeof(uint32_t))));
}

absl::Status WriteCheckpointFile(const std::string& path, const Checkpoint& checkpoint) {
  return WriteFileAtomically(path, EncodeCheckpoint(checkpoint));
}

absl::StatusOr<Checkpoint> ReadCheckpointFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) {
    const std::string message = "opening '" + path + "': " + std::strerror(errno);
    return errno == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
  }
  const std::streamoff size = file.tellg();
  if (size < 0) return absl::InternalError("measuring '" + path + "' failed");
  std::string bytes(static_cast<size_t>(size), '\0');
  file.seekg(0);
  if (!file.read(bytes.data(), size)) return absl::DataLossError("reading '" + path + "' failed");
  absl::StatusOr<Checkpoint> checkpoint = DecodeCheckpoint(bytes);
  if (!checkpoint.ok()) {
    return absl::Status(checkpoint.status().code(),
                        absl::StrCat("'", path, "': ", checkpoint.status().message()));
  }
  return checkpoint;
}

}  // namespace winnow
