#include "kernels/base/checkpoint.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <string_view>
#include <utility>
#include <vector>

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

// Of the bytes behind those of checksum `before`.
uint32_t Crc(std::string_view bytes, uint32_t before = 0) {
  return static_cast<uint32_t>(
      crc32_z(before, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
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
absl::StatusOr<Checkpoint> DecodeBody(Reader body, bool borrow) {
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
    if (borrow) {
      checkpoint.BorrowArray(key, std::span<const char>(payload));
    } else {
      checkpoint.Put(key, std::string(payload));
    }
  }
  if (!body.empty()) return Damaged("there are bytes after the last section");
  return checkpoint;
}

// Payloads below this are copied beside their names, so that many small sections are one write.
constexpr size_t kLeastBorrowed = size_t{64} << 10;

// The bytes of a file in pieces: texts and large payloads by turns, a text first and last.
struct Pieces {
  std::vector<std::string> texts;
  std::vector<std::string_view> payloads;  // one fewer

  std::vector<std::string_view> All() const {
    std::vector<std::string_view> all;
    for (size_t i = 0; i < texts.size(); ++i) {
      all.push_back(texts[i]);
      if (i < payloads.size()) all.push_back(payloads[i]);
    }
    return all;
  }
};

// Refers to large payloads where they are.
Pieces MakePieces(const Checkpoint& checkpoint) {
  const std::map<std::string, std::string_view> sections = checkpoint.sections();
  Pieces pieces;
  std::string text(kMagic);
  Append(kFormatVersion, text);
  Append(checkpoint.plan_version, text);
  Append(static_cast<uint32_t>(sections.size()), text);
  for (const auto& [name, payload] : sections) {
    Append(static_cast<uint32_t>(name.size()), text);
    text.append(name);
    Append(static_cast<uint64_t>(payload.size()), text);
    if (payload.size() < kLeastBorrowed) {
      text.append(payload);
      continue;
    }
    pieces.texts.push_back(std::move(text));
    pieces.payloads.push_back(payload);
    text.clear();
  }
  pieces.texts.push_back(std::move(text));
  uint32_t crc = 0;
  for (const std::string_view piece : pieces.All()) crc = Crc(piece, crc);
  Append(crc, pieces.texts.back());
  pieces.texts.back().append(kEndMagic);
  return pieces;
}

absl::StatusOr<Checkpoint> Decode(std::string_view all, bool borrow) {
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
  return DecodeBody(Reader(covered.substr(kMagic.size() + sizeof(uint32_t))), borrow);
}

// A file mapped for reading.
class MappedFile {
 public:
  MappedFile(const void* data, size_t size) : data_(data), size_(size) {}
  ~MappedFile() { ::munmap(const_cast<void*>(data_), size_); }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::string_view bytes() const { return {static_cast<const char*>(data_), size_}; }

 private:
  const void* data_;
  size_t size_;
};

absl::StatusOr<std::shared_ptr<const MappedFile>> MapFile(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    const std::string message = "opening '" + path + "': " + std::strerror(errno);
    return errno == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
  }
  struct stat info = {};
  const bool measured = ::fstat(file, &info) == 0;
  const auto size = static_cast<size_t>(info.st_size);
  // An empty file cannot be mapped.
  void* data = MAP_FAILED;
  if (measured && size > 0) data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
  ::close(file);
  if (measured && size == 0) return Damaged("'" + path + "' is empty");
  if (data == MAP_FAILED) return absl::InternalError("mapping '" + path + "' failed");
  return std::make_shared<const MappedFile>(data, size);
}

}  // namespace

std::map<std::string, std::string_view> Checkpoint::sections() const {
  std::map<std::string, std::string_view> views;
  for (const auto& [name, section] : sections_) views.emplace(name, section.bytes());
  return views;
}

absl::StatusOr<std::string_view> Checkpoint::View(const std::string& name) const {
  const auto section = sections_.find(name);
  if (section == sections_.end()) {
    return absl::NotFoundError("checkpoint has no section '" + name + "'");
  }
  return section->second.bytes();
}

absl::StatusOr<std::string> Checkpoint::Get(const std::string& name) const {
  ASSIGN_OR_RETURN(const std::string_view bytes, View(name));
  return std::string(bytes);
}

absl::Status Checkpoint::CopyTo(const std::string& name, void* out, size_t size) const {
  ASSIGN_OR_RETURN(const std::string_view bytes, View(name));
  if (bytes.size() != size) {
    return absl::DataLossError(absl::StrCat("checkpoint section '", name, "' has ", bytes.size(),
                                            " bytes, expected ", size));
  }
  if (size > 0) std::memcpy(out, bytes.data(), size);
  return absl::OkStatus();
}

std::string EncodeCheckpoint(const Checkpoint& checkpoint) {
  const Pieces pieces = MakePieces(checkpoint);
  std::string out;
  for (const std::string_view piece : pieces.All()) out.append(piece);
  return out;
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::span<const char> bytes) {
  return Decode(std::string_view(bytes.data(), bytes.size()), /*borrow=*/false);
}

absl::Status WriteCheckpointFile(const std::string& path, const Checkpoint& checkpoint) {
  const Pieces pieces = MakePieces(checkpoint);
  return WriteFileAtomically(path, pieces.All());
}

absl::StatusOr<Checkpoint> ReadCheckpointFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const MappedFile> file, MapFile(path));
  absl::StatusOr<Checkpoint> checkpoint = Decode(file->bytes(), /*borrow=*/true);
  if (!checkpoint.ok()) {
    return absl::Status(checkpoint.status().code(),
                        absl::StrCat("'", path, "': ", checkpoint.status().message()));
  }
  checkpoint->file_ = file;
  return checkpoint;
}

}  // namespace winnow
