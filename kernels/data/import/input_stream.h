// Opening a raw file: what kind of bytes it holds, and a stream of them without compression.
#ifndef WINNOW_KERNELS_DATA_IMPORT_INPUT_STREAM_H_
#define WINNOW_KERNELS_DATA_IMPORT_INPUT_STREAM_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "arrow/io/interfaces.h"
#include "kernels/data/import/import.h"

namespace winnow::data {

class RawFile {
 public:
  // NOT_FOUND; INVALID_ARGUMENT for folders, empty files, and files compressed in a way that is not
  // read.
  static absl::StatusOr<RawFile> Open(const InputFile& file);

  const std::string& name() const { return name_; }
  int64_t size_bytes() const { return size_bytes_; }
  bool is_gzip() const { return is_gzip_; }
  // First bytes after decompression, at most 64 KiB.
  const std::string& head() const { return head_; }

  // The file itself, for formats that are read out of order. INVALID_ARGUMENT when it is
  // compressed.
  absl::StatusOr<std::shared_ptr<arrow::io::RandomAccessFile>> RandomAccess() const;
  // Its content from the beginning, decompressed.
  absl::StatusOr<std::shared_ptr<arrow::io::InputStream>> Stream();
  // Bytes of the file (as it lies on disk) that the last stream has taken.
  int64_t bytes_read() const;

 private:
  std::string name_, path_;
  int64_t size_bytes_ = 0;
  bool is_gzip_ = false;
  std::string head_;
  std::shared_ptr<arrow::io::RandomAccessFile> file_, streamed_;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_INPUT_STREAM_H_
