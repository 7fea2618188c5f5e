#include "server/base/failpoints.h"

#include <signal.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"

namespace winnow::server {
namespace internal {
std::atomic<bool> any_failpoint{false};
}  // namespace internal

namespace {

struct Plan {
  bool kill = false;
  int64_t hits_left = 1;  // acts when it reaches 0; an error then stays, as a broken disk does
};

class Failpoints {
 public:
  void Replace(std::map<std::string, Plan> plans) {
    absl::MutexLock lock(&mutex_);
    plans_ = std::move(plans);
    internal::any_failpoint.store(!plans_.empty(), std::memory_order_relaxed);
  }

  absl::Status Hit(const char* name) {
    absl::MutexLock lock(&mutex_);
    const auto found = plans_.find(name);
    if (found == plans_.end()) return absl::OkStatus();
    Plan& plan = found->second;
    if (plan.hits_left > 0 && --plan.hits_left > 0) return absl::OkStatus();
    if (plan.kill) {
      ::kill(::getpid(), SIGKILL);
      ::pause();
    }
    return absl::InternalError(absl::StrCat("failpoint ", name));
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, Plan> plans_ ABSL_GUARDED_BY(mutex_);
};

Failpoints& Registry() {
  static Failpoints* const failpoints = new Failpoints;
  return *failpoints;
}

absl::Status BadEntry(const std::string& entry) {
  return absl::InvalidArgumentError(
      absl::StrCat("failpoint \"", entry, "\": expected name:kill[:hit] or name:error[:hit]"));
}

}  // namespace

absl::Status SetFailpoints(const std::string& text) {
  std::map<std::string, Plan> plans;
  const std::vector<std::string> entries = absl::StrSplit(text, ',', absl::SkipWhitespace());
  for (const std::string& entry : entries) {
    const std::vector<std::string> parts = absl::StrSplit(entry, ':');
    if (parts.size() < 2 || parts.size() > 3 || parts[0].empty()) return BadEntry(entry);
    if (parts[1] != "kill" && parts[1] != "error") return BadEntry(entry);
    Plan plan;
    plan.kill = parts[1] == "kill";
    if (parts.size() == 3 && (!absl::SimpleAtoi(parts[2], &plan.hits_left) || plan.hits_left < 1)) {
      return BadEntry(entry);
    }
    plans[parts[0]] = plan;
  }
  Registry().Replace(std::move(plans));
  return absl::OkStatus();
}

absl::Status SetFailpointsFromEnvironment() {
  const char* text = std::getenv("WINNOW_FAILPOINT");
  return SetFailpoints(text == nullptr ? "" : text);
}

absl::Status internal::HitFailpoint(const char* name) { return Registry().Hit(name); }

}  // namespace winnow::server
