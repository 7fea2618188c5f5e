#include "kernels/data/latest_rows.h"

#include <bit>
#include <cstddef>
#include <vector>

namespace winnow::data {
namespace {

constexpr int kDigitBits = 16;
constexpr size_t kDigits = size_t{1} << kDigitBits;

}  // namespace

uint64_t TimeKey(double time) {
  constexpr uint64_t kSign = uint64_t{1} << 63;
  const auto bits = std::bit_cast<uint64_t>(time + 0.0);
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

TimeCut CutLatest(int64_t rows, const std::function<uint64_t(int64_t)>& key_of, int64_t count) {
  if (count == 0) return {.key = ~uint64_t{0}, .ties = 0};
  std::vector<int64_t> counters(kDigits);
  TimeCut cut;
  uint64_t known = 0;  // mask of the digits found so far
  for (int shift = 64 - kDigitBits; shift >= 0; shift -= kDigitBits) {
    counters.assign(kDigits, 0);
    for (int64_t row = 0; row < rows; ++row) {
      const uint64_t key = key_of(row);
      if ((key & known) == cut.key) ++counters[key >> shift & (kDigits - 1)];
    }
    size_t digit = kDigits - 1;
    for (; counters[digit] < count; --digit) count -= counters[digit];
    cut.key |= static_cast<uint64_t>(digit) << shift;
    known |= static_cast<uint64_t>(kDigits - 1) << shift;
  }
  cut.ties = count;
  return cut;
}

}  // namespace winnow::data
