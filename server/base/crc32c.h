// CRC-32C (Castagnoli, RFC 3720 appendix B.4): polynomial 0x1EDC6F41, reflected 0x82F63B78.
#ifndef WINNOW_SERVER_BASE_CRC32C_H_
#define WINNOW_SERVER_BASE_CRC32C_H_

#include <cstddef>
#include <cstdint>

namespace winnow::server {

// The checksum of `data` appended to bytes whose checksum is `crc` (0 = none).
uint32_t ExtendCrc32c(uint32_t crc, const void* data, size_t size);

inline uint32_t Crc32c(const void* data, size_t size) { return ExtendCrc32c(0, data, size); }

namespace internal {
// The table-driven specification of ExtendCrc32c, used where the CPU has no SSE 4.2.
uint32_t ExtendCrc32cPortable(uint32_t crc, const void* data, size_t size);
}  // namespace internal

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_CRC32C_H_
