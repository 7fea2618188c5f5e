// How a fuzz target is written: WINNOW_FUZZ_TARGET(name) { … } gets `input`, which is any bytes.
// With WINNOW_FUZZ_REPLAY the same code is a test that runs the kept inputs; see replay_test.cc.
#ifndef WINNOW_TESTS_FUZZ_FUZZ_TARGET_H_
#define WINNOW_TESTS_FUZZ_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

namespace winnow::fuzz {

// A finding: the program ends, and whoever ran it keeps the input.
inline void Require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// Gives the bytes of an input one after the other; zeros behind its end.
class Bytes {
 public:
  explicit Bytes(const std::string& input) : input_(input) {}

  uint8_t Byte() { return at_ < input_.size() ? static_cast<uint8_t>(input_[at_++]) : 0; }
  uint16_t Short() {
    const int high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  // Up to `size` bytes.
  std::string Text(size_t size) {
    const std::string text = input_.substr(at_, size);
    at_ += text.size();
    return text;
  }
  std::string Rest() { return Text(input_.size()); }
  bool empty() const { return at_ == input_.size(); }

 private:
  const std::string& input_;
  size_t at_ = 0;
};

using Target = void (*)(const std::string& input);

// The targets of a replaying program by name.
inline std::map<std::string, Target>& Targets() {
  static auto* const targets = new std::map<std::string, Target>();
  return *targets;
}

struct Registration {
  Registration(const char* name, Target target) { Targets()[name] = target; }
};

}  // namespace winnow::fuzz

#ifdef WINNOW_FUZZ_REPLAY
#define WINNOW_FUZZ_TARGET(name)                                                         \
  static void FuzzTarget_##name(const std::string& input);                               \
  static const winnow::fuzz::Registration registration_##name(#name, FuzzTarget_##name); \
  static void FuzzTarget_##name(const std::string& input)
#else
#define WINNOW_FUZZ_TARGET(name)                                            \
  static void FuzzTarget_##name(const std::string& input);                  \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    FuzzTarget_##name({reinterpret_cast<const char*>(data), size});         \
    return 0;                                                               \
  }                                                                         \
  static void FuzzTarget_##name(const std::string& input)
#endif

#endif  // WINNOW_TESTS_FUZZ_FUZZ_TARGET_H_
