#include "kernels/base/rng.h"

#include <cmath>
#include <numbers>
#include <numeric>

namespace winnow {
namespace {

// Multipliers and key increments of Philox4x32 (Salmon et al. 2011, table 2 and section 3.3).
constexpr uint32_t kMul0 = 0xD2511F53;
constexpr uint32_t kMul1 = 0xCD9E8D57;
constexpr uint32_t kWeyl0 = 0x9E3779B9;
constexpr uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

// FNV-1a, 64 bit: offset basis and prime of Fowler, Noll & Vo.
uint64_t HashName(const std::string& name) {
  uint64_t hash = 0xcbf29ce484222325ull;
  for (unsigned char c : name) hash = (hash ^ c) * 0x100000001b3ull;
  return hash;
}

}  // namespace

std::array<uint32_t, 4> Philox(uint64_t key, uint64_t stream, uint64_t counter) {
  std::array<uint32_t, 4> x = {static_cast<uint32_t>(counter), static_cast<uint32_t>(counter >> 32),
                               static_cast<uint32_t>(stream), static_cast<uint32_t>(stream >> 32)};
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kRounds; ++round) {
    const uint64_t p0 = static_cast<uint64_t>(kMul0) * x[0];
    const uint64_t p1 = static_cast<uint64_t>(kMul1) * x[2];
    x = {static_cast<uint32_t>(p1 >> 32) ^ x[1] ^ k0, static_cast<uint32_t>(p1),
         static_cast<uint32_t>(p0 >> 32) ^ x[3] ^ k1, static_cast<uint32_t>(p0)};
    k0 += kWeyl0;
    k1 += kWeyl1;
  }
  return x;
}

RngStream::RngStream(uint64_t seed, const std::string& name)
    : key_(seed), stream_(HashName(name)) {}

uint64_t RngStream::Bits(uint64_t index) const {
  const auto x = Philox(key_, stream_, index);
  return static_cast<uint64_t>(x[1]) << 32 | x[0];
}

double RngStream::Uniform(uint64_t index) const {
  return static_cast<double>(Bits(index) >> 11) * 0x1.0p-53;
}

uint64_t RngStream::Below(uint64_t index, uint64_t n) const {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(Bits(index)) * n) >> 64);
}

double RngStream::Normal(uint64_t index) const {
  const auto x = Philox(key_, stream_, index);
  const uint64_t a = static_cast<uint64_t>(x[1]) << 32 | x[0];
  const uint64_t b = static_cast<uint64_t>(x[3]) << 32 | x[2];
  const double u = (static_cast<double>(a >> 11) + 1.0) * 0x1.0p-53;  // (0, 1]: log is finite
  const double v = static_cast<double>(b >> 11) * 0x1.0p-53;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

std::vector<uint32_t> RngStream::Permutation(uint32_t n, uint64_t index_base) const {
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  Shuffle(order, index_base);
  return order;
}

void RngStream::Shuffle(std::span<uint32_t> values, uint64_t index_base) const {
  for (auto i = static_cast<uint32_t>(values.size()); i > 1; --i) {
    const auto j = static_cast<uint32_t>(Below(index_base + i - 1, i));
    std::swap(values[i - 1], values[j]);
  }
}

}  // namespace winnow
