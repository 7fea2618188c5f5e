#include "kernels/base/zeroed_memory.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "gtest/gtest.h"

namespace winnow {
namespace {

struct Free {
  void operator()(char* p) const { std::free(p); }
};

// Around the size from which blocks are rounded up to huge pages.
TEST(ZeroedMemoryTest, AnySizeIsZeroOnACacheLineAlsoWhereMemoryIsUsedAgain) {
  for (const int64_t bytes :
       {int64_t{1}, int64_t{63}, int64_t{64}, int64_t{4097}, (int64_t{8} << 20) - 1,
        int64_t{8} << 20, (int64_t{8} << 20) + 1, int64_t{25} << 20}) {
    for (int again = 0; again < 2; ++again) {
      const std::unique_ptr<char, Free> block(static_cast<char*>(AllocateZeroed(bytes)));
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block.get()) % kMemoryAlignment, 0u);
      EXPECT_TRUE(std::all_of(block.get(), block.get() + bytes, [](char c) { return c == 0; }));
      std::memset(block.get(), 1, static_cast<size_t>(bytes));
    }
  }
}

TEST(ZeroedMemoryTest, WithoutMemoryThereIsNull) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the sanitizers' allocator ends the program";
#endif
  EXPECT_EQ(AllocateZeroed(int64_t{1} << 60), nullptr);
}

}  // namespace
}  // namespace winnow
