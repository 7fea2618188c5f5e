#include "kernels/train/byte_codec.h"

#include <cstring>

namespace winnow::train {
namespace {

void WritePick(const Pick& pick, ByteWriter& out) {
  out.Value(pick.candidate);
  out.Value(pick.phase);
  out.Value(pick.score);
  out.Optional(pick.gain);
}

Pick ReadPick(ByteReader& in) {
  Pick pick;
  pick.candidate = in.Value<int32_t>();
  pick.phase = in.Value<int32_t>();
  pick.score = in.Value<double>();
  pick.gain = in.Optional();
  return pick;
}

}  // namespace

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

void WritePicks(const std::vector<Pick>& picks, ByteWriter& out) {
  out.Value<uint64_t>(picks.size());
  for (const Pick& pick : picks) WritePick(pick, out);
}

std::vector<Pick> ReadPicks(ByteReader& in) {
  std::vector<Pick> picks;
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) picks.push_back(ReadPick(in));
  return picks;
}

}  // namespace winnow::train
