// Counter-based random numbers: Philox4x32-10.
//
// Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.
// A value depends only on (seed, stream, counter), so any thread may compute any value in any order
// and a resumed job needs no generator state beyond its position.
//
// The key is the job's seed; the stream is a hash of a fixed name such as "init/select" or
// "control/random/3", so the draws of one purpose never depend on how many another purpose made.
#ifndef WINNOW_KERNELS_BASE_RNG_H_
#define WINNOW_KERNELS_BASE_RNG_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace winnow {

// 128 random bits for one (key, counter).
std::array<uint32_t, 4> Philox(uint64_t key, uint64_t stream, uint64_t counter);

// A named stream of random values addressed by index. Copying is cheap; const members are pure.
// THREAD-SAFETY: const members may be called from any thread.
class RngStream {
 public:
  // REQUIRES: `name` is a fixed string of the program ("init/retrain"), never user data.
  RngStream(uint64_t seed, const std::string& name);

  // What Philox is asked with, beside the index: for code that computes many blocks at a time.
  uint64_t key() const { return key_; }
  uint64_t stream() const { return stream_; }

  // All 128 bits of `index`.
  std::array<uint32_t, 4> Block(uint64_t index) const { return Philox(key_, stream_, index); }
  // Uniform on {0, ..., 2^64-1}: the first 64 of them.
  uint64_t Bits(uint64_t index) const;
  // Uniform on [0, 1) with 53 bits.
  double Uniform(uint64_t index) const;
  // Uniform on {0, ..., n-1} by multiply-shift of 64 bits (bias below n/2^64). REQUIRES: n > 0.
  uint64_t Below(uint64_t index, uint64_t n) const;
  // Standard normal by Box-Muller on the bits of `index`.
  double Normal(uint64_t index) const;

  // A permutation of 0..n-1 (Fisher-Yates, draws index_base .. index_base+n-1). O(n).
  std::vector<uint32_t> Permutation(uint32_t n, uint64_t index_base = 0) const;
  // Puts `values` into the order of Permutation(values.size(), index_base). Allocates nothing.
  void Shuffle(std::span<uint32_t> values, uint64_t index_base = 0) const;

 private:
  uint64_t key_;
  uint64_t stream_;
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_RNG_H_
