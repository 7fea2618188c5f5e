#include "client/cpp/crc32c.h"

#include <array>

namespace winnow::client {
namespace {

// table[b] = remainder of the byte b, bits reflected, by the reflected polynomial 0x1EDC6F41.
constexpr std::array<uint32_t, 256> MakeTable() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82F63B78u : crc >> 1;
    table[byte] = crc;
  }
  return table;
}

constexpr std::array<uint32_t, 256> kTable = MakeTable();

}  // namespace

uint32_t Crc32c(const std::string& data) {
  uint32_t state = ~0u;
  for (const unsigned char byte : data) state = kTable[(state ^ byte) & 255] ^ state >> 8;
  return ~state;
}

}  // namespace winnow::client
