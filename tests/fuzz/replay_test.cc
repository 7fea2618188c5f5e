// Runs each target of the program on its kept inputs: seeds, and what fuzzing has found. An input
// that fails ends the program; its name is the last one printed.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/fuzz/fuzz_target.h"

namespace winnow::fuzz {
namespace {

namespace fs = std::filesystem;

const fs::path kKept = "tests/fuzz/seeds";  // tests run at the root of the repository

std::vector<fs::path> InputsOf(const std::string& target) {
  std::vector<fs::path> inputs;
  if (!fs::exists(kKept / target)) return inputs;
  for (const auto& entry : fs::directory_iterator(kKept / target)) inputs.push_back(entry.path());
  return inputs;
}

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class ReplayTest : public testing::TestWithParam<std::string> {};

TEST_P(ReplayTest, KeptInputs) {
  const Target target = Targets().at(GetParam());
  const std::vector<fs::path> inputs = InputsOf(GetParam());
  ASSERT_FALSE(inputs.empty()) << "no inputs in " << kKept / GetParam();
  target("");
  for (const fs::path& path : inputs) {
    std::fprintf(stderr, "%s\n", path.c_str());
    const std::string input = ReadAll(path);
    target(input);
    // Cut and changed, a little of what a fuzzer does.
    for (const size_t part : {size_t{2}, size_t{3}, size_t{7}}) {
      target(input.substr(0, input.size() / part));
      std::string changed = input;
      for (size_t at = 0; at < changed.size(); at += part + 30) changed[at] ^= '\x55';
      target(changed);
    }
  }
}

std::vector<std::string> Names() {
  std::vector<std::string> names;
  for (const auto& [name, target] : Targets()) names.push_back(name);
  return names;
}

// Targets register themselves before main; names are asked for in main.
INSTANTIATE_TEST_SUITE_P(Targets, ReplayTest, testing::ValuesIn(Names()),
                         [](const auto& info) { return info.param; });

TEST(ReplayTest, EveryFolderOfInputsHasItsTarget) {
  // Of this program and of the other.
  const std::vector<std::string> known = absl::StrSplit(WINNOW_FUZZ_NAMES, ' ');
  for (const auto& entry : fs::directory_iterator(kKept)) {
    EXPECT_THAT(known, testing::Contains(entry.path().filename().string()));
  }
}

}  // namespace
}  // namespace winnow::fuzz
