// Checkpoint files: bytes from anywhere are refused or understood; a changed byte is never missed.
#include <zlib.h>

#include <cstring>
#include <span>

#include "kernels/base/checkpoint.h"
#include "tests/fuzz/fuzz_target.h"

namespace winnow {
namespace {

using fuzz::Require;

absl::StatusOr<Checkpoint> Decode(const std::string& bytes) {
  return DecodeCheckpoint(std::span<const char>(bytes.data(), bytes.size()));
}

void DecodeAnything(const std::string& bytes) {
  const auto decoded = Decode(bytes);
  if (!decoded.ok()) {
    Require(absl::IsDataLoss(decoded.status()), "a bad file is damaged");
    return;
  }
  const auto twice = Decode(EncodeCheckpoint(*decoded));
  Require(twice.ok() && twice->sections() == decoded->sections(), "decoding inverts encoding");
  for (const auto& [name, payload] : decoded->sections()) {
    Require(decoded->GetVector<double>(name).ok() == (payload.size() % sizeof(double) == 0),
            "an array has whole elements");
  }
}

// `body` as the sections of a file whose ends and checksum are right.
std::string Sealed(const std::string& body) {
  std::string bytes = "WNWCKPT1" + std::string("\1\0\0\0", 4) + body;
  const auto crc = static_cast<uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
  bytes.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
  return bytes + "WNWCKEND";
}

// Changes one byte of a good file, or cuts it.
void ChangeAByte(const std::string& content, uint16_t place, uint8_t change) {
  Checkpoint checkpoint;
  checkpoint.plan_version = 7;
  checkpoint.Put("fuzz/a", content);
  checkpoint.Put("fuzz/b", content.substr(content.size() / 2));
  std::string bytes = EncodeCheckpoint(checkpoint);
  const auto good = Decode(bytes);
  Require(good.ok() && good->sections() == checkpoint.sections(), "a good file is read");
  if (change == 0) {
    bytes.resize(place % bytes.size());
  } else {
    char& byte = bytes[place % bytes.size()];
    byte = static_cast<char>(byte ^ change);
  }
  Require(!Decode(bytes).ok(), "a changed file is refused");
}

}  // namespace
}  // namespace winnow

WINNOW_FUZZ_TARGET(checkpoint) {
  winnow::DecodeAnything(input);
  winnow::DecodeAnything(winnow::Sealed(input));
  winnow::fuzz::Bytes bytes(input);
  const uint16_t place = bytes.Short();
  const uint8_t change = bytes.Byte();
  winnow::ChangeAByte(bytes.Rest(), place, change);
}
