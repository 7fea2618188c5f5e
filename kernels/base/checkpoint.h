// The container of a job's saved state: named byte sections with a checksum and a format version.
//
//   file   = header section* footer
//   header = magic "WNWCKPT1" (8 bytes), format version (u32), Plan version (u32), section count
//   (u32) section= name length (u32), name, payload length (u64), payload footer = CRC-32 of
//   everything before it (u32, zlib polynomial), magic "WNWCKEND"
// All integers little-endian. A file is written to a temporary name, fsynced, renamed, and its
// folder fsynced.
//
// A state of gigabytes is held once: large arrays are borrowed from the model and go from there
// through the checksum into the file, and a file that is read is mapped, its sections being views.
#ifndef WINNOW_KERNELS_BASE_CHECKPOINT_H_
#define WINNOW_KERNELS_BASE_CHECKPOINT_H_

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/status.h"

namespace winnow {

// Named sections. Names are paths such as "select/network/dense_0/weights".
class Checkpoint {
 public:
  void Put(const std::string& name, std::string bytes) { sections_[name] = {std::move(bytes), {}}; }

  template <typename T>
  void PutArray(const std::string& name, std::span<const T> values) {
    Put(name, std::string(BytesOf(values)));
  }
  template <typename T>
  void PutValue(const std::string& name, const T& value) {
    PutArray(name, std::span<const T>(&value, 1));
  }
  // As PutArray, without a copy. OWNERSHIP: `values` outlives this object and every copy of it, and
  // does not change before the last use.
  template <typename T>
  void BorrowArray(const std::string& name, std::span<const T> values) {
    sections_[name] = {{}, BytesOf(values)};
  }

  bool Has(const std::string& name) const { return sections_.count(name) != 0; }

  // NOT_FOUND names the section.
  absl::StatusOr<std::string> Get(const std::string& name) const;

  // Copies a section into `out`; DATA_LOSS when its size differs from out's.
  template <typename T>
  absl::Status GetArray(const std::string& name, std::span<T> out) const {
    static_assert(std::is_trivially_copyable_v<T>);
    return CopyTo(name, out.data(), out.size_bytes());
  }
  template <typename T>
  absl::StatusOr<std::vector<T>> GetVector(const std::string& name) const {
    static_assert(std::is_trivially_copyable_v<T>);
    ASSIGN_OR_RETURN(const std::string_view bytes, View(name));
    if (bytes.size() % sizeof(T) != 0) {
      return absl::DataLossError("checkpoint section '" + name + "' has a size that does not fit");
    }
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  template <typename T>
  absl::StatusOr<T> GetValue(const std::string& name) const {
    T value;
    RETURN_IF_ERROR(GetArray(name, std::span<T>(&value, 1)));
    return value;
  }

  // Views that live as long as this and what it borrows. Ordered: same state, same bytes.
  std::map<std::string, std::string_view> sections() const;

  uint32_t plan_version = 0;  // a checkpoint of another Plan version is not resumed

 private:
  friend absl::StatusOr<Checkpoint> ReadCheckpointFile(const std::string& path);

  // The bytes of `borrowed`, or where that is null, `owned`.
  struct Section {
    std::string owned;
    std::string_view borrowed;
    std::string_view bytes() const {
      return borrowed.data() != nullptr ? borrowed : std::string_view(owned);
    }
  };

  template <typename T>
  static std::string_view BytesOf(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
  }
  absl::StatusOr<std::string_view> View(const std::string& name) const;
  absl::Status CopyTo(const std::string& name, void* out, size_t size) const;

  std::map<std::string, Section> sections_;
  // The mapped file behind borrowed sections. Shared: copies of a checkpoint refer to one map.
  std::shared_ptr<const void> file_;
};

std::string EncodeCheckpoint(const Checkpoint& checkpoint);
// DATA_LOSS with the reason for anything that is not a complete, intact container.
absl::StatusOr<Checkpoint> DecodeCheckpoint(std::span<const char> bytes);

// Atomic and durable: after OK the file survives a crash; on error the old file of that name is
// intact.
absl::Status WriteCheckpointFile(const std::string& path, const Checkpoint& checkpoint);
// The file stays mapped as long as the checkpoint or a copy of it lives.
absl::StatusOr<Checkpoint> ReadCheckpointFile(const std::string& path);

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_CHECKPOINT_H_
