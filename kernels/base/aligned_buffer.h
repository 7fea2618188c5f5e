// A block of numbers on a cache line boundary, all zero at first.
#ifndef WINNOW_KERNELS_BASE_ALIGNED_BUFFER_H_
#define WINNOW_KERNELS_BASE_ALIGNED_BUFFER_H_

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/zeroed_memory.h"

namespace winnow {

// Movable; null when empty.
template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr int64_t kAlignment = kMemoryAlignment;

  AlignedBuffer() = default;

  // RESOURCE_EXHAUSTED names the size when there is no memory. REQUIRES: size >= 0.
  static absl::StatusOr<AlignedBuffer> Create(int64_t size) {
    AlignedBuffer buffer;
    buffer.size_ = size;
    if (size == 0) return buffer;
    const int64_t bytes = size * static_cast<int64_t>(sizeof(T));
    void* memory = AllocateZeroed(bytes);
    if (memory == nullptr) {
      return absl::ResourceExhaustedError("no memory for " + std::to_string(bytes) + " bytes");
    }
    buffer.data_.reset(static_cast<T*>(memory));
    return buffer;
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  T& operator[](int64_t i) { return data_.get()[i]; }
  const T& operator[](int64_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { std::free(p); }
  };
  std::unique_ptr<T[], Free> data_;
  int64_t size_ = 0;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_ALIGNED_BUFFER_H_
