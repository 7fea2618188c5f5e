#include "server/ops/memory.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace winnow::ops_http {
namespace {

std::string ReadText(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Files of the control group hold one number, or "max".
bool ParseBytes(const std::string& text, int64_t* bytes) {
  return absl::SimpleAtoi(absl::StripAsciiWhitespace(text), bytes);
}

}  // namespace

Memory ParseMemory(const std::string& meminfo, const std::string& cgroup_max,
                   const std::string& cgroup_current) {
  Memory memory;
  std::istringstream lines(meminfo);
  std::string key;
  int64_t kib = 0;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (!(words >> key >> kib)) continue;
    if (key == "MemTotal:") memory.total_bytes = kib * 1024;
    if (key == "MemAvailable:") memory.free_bytes = kib * 1024;
  }
  int64_t limit = 0;
  int64_t used = 0;
  if (!ParseBytes(cgroup_max, &limit) || !ParseBytes(cgroup_current, &used)) return memory;
  memory.total_bytes = std::min(memory.total_bytes, limit);
  memory.free_bytes = std::min(memory.free_bytes, std::max<int64_t>(0, limit - used));
  return memory;
}

Memory ReadMemory() {
  return ParseMemory(ReadText("/proc/meminfo"), ReadText("/sys/fs/cgroup/memory.max"),
                     ReadText("/sys/fs/cgroup/memory.current"));
}

}  // namespace winnow::ops_http
