#include "kernels/train/byte_codec.h"

#include <cstring>

namespace winnow::train {

bool ByteReader::Has(uint64_t size) {
  ok_ = ok_ && size <= bytes_.size() - position_;
  return ok_;
}

void ByteReader::Copy(void* out, uint64_t size) {
  if (!Has(size) || size == 0) return;
  std::memcpy(out, bytes_.data() + position_, size);
  position_ += size;
}

absl::Status ByteReader::Finish(const std::string& what) const {
  if (ok_ && position_ == bytes_.size()) return absl::OkStatus();
  return absl::DataLossError("checkpoint section '" + what + "' does not hold what it should");
}

}  // namespace winnow::train
