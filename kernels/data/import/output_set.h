// Several files that appear together or not at all.
#ifndef WINNOW_KERNELS_DATA_IMPORT_OUTPUT_SET_H_
#define WINNOW_KERNELS_DATA_IMPORT_OUTPUT_SET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::data {

// A file under its temporary name. Errors: RESOURCE_EXHAUSTED for a full disk or quota, else
// INTERNAL; the message has the path and the system's text.
class PendingFile {
 public:
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  absl::Status WriteAt(int64_t offset, const char* data, size_t size);
  // Reads exactly `size` bytes.
  absl::Status ReadAt(int64_t offset, char* data, size_t size) const;
  const std::string& temporary_path() const { return temporary_path_; }

 private:
  friend class OutputSet;
  PendingFile(std::string path, std::string temporary_path, int fd)
      : path_(std::move(path)), temporary_path_(std::move(temporary_path)), fd_(fd) {}

  std::string path_, temporary_path_;
  int fd_;
};

class OutputSet {
 public:
  // `directory` exists.
  explicit OutputSet(std::string directory) : directory_(std::move(directory)) {}
  // Without a Commit that returned OK, every file is removed.
  ~OutputSet();
  OutputSet(const OutputSet&) = delete;
  OutputSet& operator=(const OutputSet&) = delete;

  // A new empty file `name`.tmp. OWNERSHIP: stays with this.
  absl::StatusOr<PendingFile*> Create(const std::string& name);
  absl::Status CreateWith(const std::string& name, const std::string& content);
  // fsyncs all files, renames them in the order of creation, fsyncs the folder.
  absl::Status Commit();

 private:
  std::string directory_;
  std::vector<std::unique_ptr<PendingFile>> files_;
  bool is_committed_ = false;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_OUTPUT_SET_H_
