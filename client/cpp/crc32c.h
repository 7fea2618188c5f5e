// CRC-32C (Castagnoli), the checksum of upload and download frames.
#ifndef WINNOW_CLIENT_CPP_CRC32C_H_
#define WINNOW_CLIENT_CPP_CRC32C_H_

#include <cstdint>
#include <string>

namespace winnow::client {

uint32_t Crc32c(const std::string& data);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_CRC32C_H_
