#include "kernels/base/zeroed_memory.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace winnow {
namespace {

constexpr int64_t kHugePage = int64_t{1} << 21;
// From here on rounding up to whole huge pages costs at most a fifth.
constexpr int64_t kLeastHugeBlock = 4 * kHugePage;

}  // namespace

void* AllocateZeroed(int64_t bytes) {
  const int64_t unit = bytes >= kLeastHugeBlock ? kHugePage : kMemoryAlignment;
  const auto size = static_cast<size_t>((bytes + unit - 1) / unit * unit);
  void* const memory = std::aligned_alloc(static_cast<size_t>(unit), size);
  if (memory == nullptr) return nullptr;
#if defined(__linux__)
  // Advice: where it is refused nothing but speed changes.
  if (unit == kHugePage) madvise(memory, size, MADV_HUGEPAGE);
#endif
  std::memset(memory, 0, size);
  return memory;
}

}  // namespace winnow
