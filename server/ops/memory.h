// How much memory the machine, or the container around us, has.
#ifndef WINNOW_SERVER_OPS_MEMORY_H_
#define WINNOW_SERVER_OPS_MEMORY_H_

#include <cstdint>
#include <string>

namespace winnow::ops_http {

struct Memory {
  int64_t total_bytes = 0;  // 0: not known
  int64_t free_bytes = 0;   // for new work, without swapping
};

// From /proc/meminfo, capped by the limit of the control group (version 2) if there is one.
Memory ReadMemory();

// The same from texts of those files; empty texts are files that are not there.
Memory ParseMemory(const std::string& meminfo, const std::string& cgroup_max,
                   const std::string& cgroup_current);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_MEMORY_H_
