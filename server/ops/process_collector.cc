// The process metrics that every Prometheus client has, from proc(5).
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "server/ops/metric_family.h"
#include "server/ops/state_collector.h"

namespace winnow::ops_http {
namespace {

struct Stat {
  double cpu_seconds = 0;
  double threads = 0;
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

// Fields of /proc/self/stat from the third on; the second, the name, may hold anything.
Stat ReadStat() {
  Stat stat;
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return stat;
  std::istringstream fields(text.substr(name_end + 1));
  std::string state;
  fields >> state;
  double value = 0;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  for (int field = 4; field <= 24 && fields >> value; ++field) {
    if (field == 14 || field == 15) stat.cpu_seconds += value / ticks;  // utime, stime
    if (field == 20) stat.threads = value;
    if (field == 23) stat.virtual_bytes = value;
    if (field == 24) stat.resident_bytes = value * page;
  }
  return stat;
}

double CountOpenFiles() {
  DIR* open = ::opendir("/proc/self/fd");
  if (open == nullptr) return 0;
  int count = -3;  // "." and "..", and this folder's own
  while (::readdir(open) != nullptr) ++count;
  ::closedir(open);
  return count;
}

}  // namespace

std::vector<prometheus::MetricFamily> CollectProcess() {
  const Stat stat = ReadStat();
  std::vector<prometheus::MetricFamily> families;
  families.push_back(Counter("process_cpu_seconds_total", "User and system time of the process.",
                             stat.cpu_seconds));
  families.push_back(
      Gauge("process_resident_memory_bytes", "Resident memory.", stat.resident_bytes));
  families.push_back(Gauge("process_virtual_memory_bytes", "Virtual memory.", stat.virtual_bytes));
  families.push_back(Gauge("process_threads", "Threads.", stat.threads));
  families.push_back(Gauge("process_open_fds", "Open file descriptors.", CountOpenFiles()));
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(Gauge("process_max_fds", "Most file descriptors it may open.",
                             static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace winnow::ops_http
