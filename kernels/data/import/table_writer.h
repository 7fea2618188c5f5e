// Writes a packed table: records with provisional codes as rows come in, then one pass that gives
// codes and classes their final numbers and hashes the file.
#ifndef WINNOW_KERNELS_DATA_IMPORT_TABLE_WRITER_H_
#define WINNOW_KERNELS_DATA_IMPORT_TABLE_WRITER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/output_set.h"
#include "kernels/data/packed_table.h"

namespace winnow::data {

// Final numbers of what was counted in the order of arrival.
struct Renumbering {
  std::vector<std::vector<int32_t>> codes;  // [slot][provisional code]; empty: codes are final
  std::vector<float> classes;               // [provisional class]; empty: targets are final
};

struct SealedTable {
  int64_t bytes = 0;
  std::string sha256;  // lower-case hex
  std::string sample;  // evenly spaced records
};

class TableWriter {
 public:
  // `shape.rows` is filled in at the end.
  TableWriter(PendingFile* file, const PackedShape& shape) : file_(file), shape_(shape) {}

  // `size` bytes of whole records.
  absl::Status Append(const char* records, size_t size);
  // Returns `sample_rows` evenly spaced records, or all when there are no more. RESOURCE_EXHAUSTED
  // as PendingFile. Nothing is appended afterwards.
  absl::StatusOr<SealedTable> Seal(const Renumbering& renumbering, int64_t sample_rows);
  int64_t rows() const { return bytes_ / shape_.stride(); }

 private:
  void Renumber(const Renumbering& renumbering, std::string* records) const;

  PendingFile* file_;
  PackedShape shape_;
  int64_t bytes_ = 0;  // of records
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_TABLE_WRITER_H_
