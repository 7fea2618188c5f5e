#include "server/base/crc32c.h"

#include <array>
#include <cstring>

namespace winnow::server {
namespace {

// table[b] = remainder of the byte b, bits reflected, by the reflected polynomial.
constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 1 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t ExtendCrc32cSse42(uint32_t crc, const void* data,
                                                             size_t size) {
  const char* bytes = static_cast<const char*>(data);
  uint64_t state = ~crc;
  for (; size >= 8; size -= 8, bytes += 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    state = __builtin_ia32_crc32di(state, word);
  }
  uint32_t tail = static_cast<uint32_t>(state);
  for (; size > 0; --size, ++bytes) {
    tail = __builtin_ia32_crc32qi(tail, static_cast<unsigned char>(*bytes));
  }
  return ~tail;
}
#endif

using ExtendFunction = uint32_t (*)(uint32_t, const void*, size_t);

ExtendFunction Choose() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return &ExtendCrc32cSse42;
#endif
  return &internal::ExtendCrc32cPortable;
}

}  // namespace

uint32_t internal::ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size) {
  const unsigned char* bytes = static_cast<const unsigned char*>(data);
  uint32_t state = ~crc;
  for (size_t i = 0; i < size; ++i) state = kTable[(state ^ bytes[i]) & 255] ^ state >> 8;
  return ~state;
}

uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size) {
  static const ExtendFunction extend = Choose();
  return extend(crc, data, size);
}

}  // namespace winnow::server
