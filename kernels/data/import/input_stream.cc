#include "kernels/data/import/input_stream.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/buffer.h"
#include "arrow/io/compressed.h"
#include "arrow/io/file.h"
#include "arrow/util/compression.h"
#include "kernels/base/status.h"
#include "kernels/data/import/arrow_status.h"
#include "kernels/data/import/input_files.h"

namespace winnow::data {
namespace {

constexpr int64_t kHeadBytes = 64 << 10;

bool StartsWith(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

// Name of a compression that we do not read, by its first bytes; nullptr for everything else.
const char* OtherCompression(const std::string& head) {
  using namespace std::string_view_literals;
  if (StartsWith(head, "\x28\xb5\x2f\xfd"sv)) return "zstd";
  if (StartsWith(head, "BZh"sv) && head.size() > 9 && head.compare(4, 6, "1AY&SY") == 0) {
    return "bzip2";
  }
  if (StartsWith(head,
                 "\xfd"
                 "7zXZ"sv))
    return "xz";
  if (StartsWith(head, "PK\x03\x04"sv)) return "zip";
  if (StartsWith(head, "\x04\x22\x4d\x18"sv)) return "lz4";
  return nullptr;
}

absl::Status CheckPath(const std::string& path, const std::string& name, int64_t* size) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) {
    const std::string text = absl::StrCat(name, ": cannot read ", path, ": ", std::strerror(errno));
    return errno == ENOENT ? absl::NotFoundError(text) : absl::InvalidArgumentError(text);
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": is a folder, expected a file"));
  }
  if (info.st_size == 0) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": the file is empty (0 bytes)"));
  }
  *size = info.st_size;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<RawFile> RawFile::Open(const InputFile& file) {
  RawFile raw;
  raw.name_ = DisplayName(file);
  raw.path_ = file.path;
  RETURN_IF_ERROR(CheckPath(file.path, raw.name_, &raw.size_bytes_));
  WINNOW_ASSIGN_FROM_ARROW(raw.file_, arrow::io::ReadableFile::Open(file.path), raw.name_);
  WINNOW_ASSIGN_FROM_ARROW(const auto first, raw.file_->ReadAt(0, 16), raw.name_);
  const std::string magic = first->ToString();
  raw.is_gzip_ = StartsWith(magic, "\x1f\x8b");
  if (const char* compression = OtherCompression(magic)) {
    return absl::InvalidArgumentError(absl::StrCat(raw.name_, ": is compressed with ", compression,
                                                   "; decompress it, or use gzip"));
  }
  ASSIGN_OR_RETURN(const auto stream, raw.Stream());
  raw.head_.resize(kHeadBytes);
  int64_t have = 0;
  while (have < kHeadBytes) {
    WINNOW_ASSIGN_FROM_ARROW(const int64_t got,
                             stream->Read(kHeadBytes - have, raw.head_.data() + have), raw.name_);
    if (got == 0) break;
    have += got;
  }
  raw.head_.resize(static_cast<size_t>(have));
  if (have == 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(raw.name_, ": the file is empty inside its gzip"));
  }
  return raw;
}

absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> RawFile::RandomAccess() const {
  if (is_gzip_) {
    return absl::InvalidArgumentError(
        absl::StrCat(name_, ": a file of this format cannot be read inside gzip; decompress it"));
  }
  return file_;
}

absl::StatusOr<std::shared_ptr<arrow::io::InputStream>> RawFile::Stream() {
  // A decompressing stream closes what it reads from, so every stream has a file of its own.
  WINNOW_ASSIGN_FROM_ARROW(streamed_, arrow::io::ReadableFile::Open(path_), name_);
  if (!is_gzip_) return streamed_;
  WINNOW_ASSIGN_FROM_ARROW(std::shared_ptr<arrow::util::Codec> codec,
                           arrow::util::Codec::Create(arrow::Compression::GZIP), name_);
  WINNOW_ASSIGN_FROM_ARROW(auto stream,
                           arrow::io::CompressedInputStream::Make(codec.get(), streamed_), name_);
  // The codec must live as long as the stream.
  auto* const bare = stream.get();
  return std::shared_ptr<arrow::io::InputStream>(bare, [stream, codec](auto*) {});
}

int64_t RawFile::bytes_read() const {
  const auto& file = streamed_ == nullptr ? file_ : streamed_;
  return file->closed() ? size_bytes_ : file->Tell().ValueOr(size_bytes_);
}

}  // namespace winnow::data
