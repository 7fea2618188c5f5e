// The imported table on disk: one fixed-size record per row, read through a memory map.
//
//   file   = header page (4096 bytes), record*
//   header = magic "WNWTABL1", format version (u32), header bytes (u32), rows (u64), stride (u32),
//            numeric columns (u32), categorical columns (u32), flags (u32),
//            CRC-32 of the 40 bytes so far (u32), zeros
//   record = float32 numeric[num_numeric]   NaN = missing; stateless transforms are applied
//            int32   code[num_categorical]  0 = missing or unknown
//            float32 target                 class index, or the value of a regression target
//            float32 weight                 if flag 1
//            int32   group                  if flag 2: dense id, from 0
//            int32   split                  if flag 4: index into DatasetProfile::split_values
//            float64 time                   if flag 8: of the column that a time split sorts by
//
// All little-endian; a record is `stride` bytes, a multiple of 4; numeric and categorical columns
// each stand in table order, which is the order of DatasetProfile::columns.
#ifndef WINNOW_KERNELS_DATA_PACKED_TABLE_H_
#define WINNOW_KERNELS_DATA_PACKED_TABLE_H_

#include <cstdint>
#include <cstring>
#include <string>

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"

namespace winnow::data {

// What the header of a table says; also computes where everything stands in a record.
struct PackedShape {
  int64_t rows = 0;
  int32_t num_numeric = 0;
  int32_t num_categorical = 0;
  bool has_weight = false;
  bool has_group = false;
  bool has_split = false;
  bool has_time = false;

  // Byte offsets in a record. REQUIRES of the last four: the field exists.
  int32_t code_offset() const { return 4 * num_numeric; }
  int32_t target_offset() const { return code_offset() + 4 * num_categorical; }
  int32_t weight_offset() const { return target_offset() + 4; }
  int32_t group_offset() const { return weight_offset() + (has_weight ? 4 : 0); }
  int32_t split_offset() const { return group_offset() + (has_group ? 4 : 0); }
  int32_t time_offset() const { return split_offset() + (has_split ? 4 : 0); }
  int32_t stride() const { return time_offset() + (has_time ? 8 : 0); }

  bool operator==(const PackedShape&) const = default;
};

inline constexpr int64_t kPackedHeaderBytes = 4096;
inline constexpr int64_t kMaxPackedColumns = 1'000'000;  // of each kind

// The header page of a table of that shape.
std::string EncodePackedHeader(const PackedShape& shape);
// DATA_LOSS with the reason for anything but an intact header of this version. `size` >= 0 bytes
// are given.
absl::StatusOr<PackedShape> DecodePackedHeader(const char* bytes, int64_t size);

// A table, mapped read-only. Movable. THREAD-SAFETY: const members from any thread.
class PackedTable {
 public:
  // NOT_FOUND, or DATA_LOSS when header and file size do not fit together. The content of the
  // records is not read here: VerifyContent does.
  static absl::StatusOr<PackedTable> Open(const std::string& path);

  PackedTable(PackedTable&& other) noexcept;
  PackedTable& operator=(PackedTable&& other) noexcept;
  PackedTable(const PackedTable&) = delete;
  PackedTable& operator=(const PackedTable&) = delete;
  ~PackedTable();

  // DATA_LOSS unless the table has the columns, rows and fields of `profile`. O(columns).
  absl::Status CheckProfile(const DatasetProfile& profile) const;
  // DATA_LOSS naming the row for a code outside its vocabulary, a target that is no class, a
  // negative weight, an infinite number, a NaN in a column without missing values. Reads the whole
  // table.
  absl::Status VerifyContent(const DatasetProfile& profile) const;

  const PackedShape& shape() const { return shape_; }
  int64_t rows() const { return shape_.rows; }
  int32_t stride() const { return stride_; }
  int64_t file_bytes() const { return map_bytes_; }

  // Advice to the system, without effect on what is read: rows [begin, end) are needed soon; they
  // are not needed for now, and count no longer as memory of this process.
  // REQUIRES: 0 <= begin <= end <= rows().
  void WillNeed(int64_t begin, int64_t end) const;
  void Release(int64_t begin, int64_t end) const;

  // REQUIRES of all: 0 <= row < rows().
  const char* record(int64_t row) const { return records_ + row * stride_; }
  const float* numeric(int64_t row) const { return reinterpret_cast<const float*>(record(row)); }
  const int32_t* codes(int64_t row) const {
    return reinterpret_cast<const int32_t*>(record(row) + shape_.code_offset());
  }
  float target(int64_t row) const { return Field<float>(row, shape_.target_offset()); }
  // 1 when the table has no weights.
  float weight(int64_t row) const {
    return shape_.has_weight ? Field<float>(row, shape_.weight_offset()) : 1.0f;
  }
  // REQUIRES: the field exists.
  int32_t group(int64_t row) const { return Field<int32_t>(row, shape_.group_offset()); }
  int32_t split(int64_t row) const { return Field<int32_t>(row, shape_.split_offset()); }
  double time(int64_t row) const { return Field<double>(row, shape_.time_offset()); }

 private:
  PackedTable() = default;
  void Advise(int64_t begin, int64_t end, int advice) const;
  template <typename T>
  T Field(int64_t row, int32_t offset) const {
    T value;
    std::memcpy(&value, record(row) + offset, sizeof(T));
    return value;
  }

  PackedShape shape_;
  int32_t stride_ = 0;
  const char* records_ = nullptr;
  void* map_ = nullptr;
  int64_t map_bytes_ = 0;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_PACKED_TABLE_H_
