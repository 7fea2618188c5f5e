#include "server/launch/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/exit_codes.h"
#include "server/base/status.h"

namespace winnow::launch {
namespace {

// A child that dies by itself after it has filled this much of its limit died of it: malloc gave up
// at RLIMIT_DATA before a poll saw RssAnon at the limit.
constexpr double kFullFraction = 0.9;

domain::ExitInfo Describe(const Ended& ended, bool killed_for_memory, int64_t peak_anonymous_bytes,
                          int64_t memory_limit_bytes) {
  domain::ExitInfo exit;
  exit.exit_code = ended.exit_code;
  exit.signal = ended.signal;
  exit.peak_rss_bytes = ended.peak_rss_bytes;
  const bool failed = ended.signal != 0 || ended.exit_code != 0;
  const bool full =
      memory_limit_bytes > 0 && static_cast<double>(peak_anonymous_bytes) >=
                                    kFullFraction * static_cast<double>(memory_limit_bytes);
  exit.hit_memory_limit = killed_for_memory || (failed && full) ||
                          (ended.signal == 0 && ended.exit_code == server::kExitOutOfMemory);
  return exit;
}

}  // namespace

Supervisor::Supervisor(absl::Duration poll_interval)
    : poll_interval_(poll_interval), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  // Ignored, as some parents leave it, the kernel would collect our children before we see how they
  // ended.
  ::signal(SIGCHLD, SIG_DFL);
  thread_ = std::thread([this] { Run(); });
}

Supervisor::~Supervisor() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    for (const auto& [key, child] : children_) KillGroup(child.process.pid);
  }
  Wake();
  thread_.join();
}

absl::Status Supervisor::Start(const std::string& key, const ProcessSpec& spec,
                               int64_t memory_limit_bytes, OnExit on_exit) {
  Request request{key, spec, memory_limit_bytes, std::move(on_exit)};
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) return absl::UnavailableError("the launcher is shutting down");
    requests_.push_back(&request);
  }
  Wake();
  request.done.WaitForNotification();
  return request.result;
}

void Supervisor::Kill(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  const auto found = children_.find(key);
  if (found != children_.end()) KillGroup(found->second.process.pid);
}

void Supervisor::Wake() {
  const uint64_t one = 1;
  // Fails only when the counter is full, and then the thread is awake anyway.
  if (::write(wake_fd_.get(), &one, sizeof(one)) < 0) return;
}

void Supervisor::Run() {
  while (!IsDone()) {
    Wait();
    std::deque<Request*> requests;
    {
      absl::MutexLock lock(&mutex_);
      requests.swap(requests_);
    }
    for (Request* request : requests) StartOne(*request);
    LookAfterChildren();
  }
}

bool Supervisor::IsDone() {
  absl::MutexLock lock(&mutex_);
  return stopping_ && children_.empty() && requests_.empty();
}

// Until a request, an exit, or the time of the next memory poll.
void Supervisor::Wait() {
  std::vector<pollfd> fds = {{wake_fd_.get(), POLLIN, 0}};
  bool polls = false;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& [key, child] : children_) {
      if (child.process.pidfd.is_open()) fds.push_back({child.process.pidfd.get(), POLLIN, 0});
      polls = polls || child.memory_limit_bytes > 0 || !child.process.pidfd.is_open();
    }
  }
  const int timeout_ms = polls ? static_cast<int>(absl::ToInt64Milliseconds(poll_interval_)) : -1;
  ::poll(fds.data(), fds.size(), timeout_ms);
  uint64_t count;
  while (::read(wake_fd_.get(), &count, sizeof(count)) > 0) {
  }
}

void Supervisor::StartOne(Request& request) {
  absl::MutexLock lock(&mutex_);
  if (children_.count(request.key) > 0) {
    request.result = absl::AlreadyExistsError(absl::StrCat(request.key, " is running already"));
  } else if (stopping_) {
    request.result = absl::UnavailableError("the launcher is shutting down");
  } else {
    absl::StatusOr<Process> process = Spawn(request.spec);
    request.result = process.status();
    if (process.ok()) {
      children_[request.key] = Child{*std::move(process), request.memory_limit_bytes, 0, false,
                                     std::move(request.on_exit)};
    }
  }
  request.done.Notify();
}

void Supervisor::LookAfterChildren() {
  std::vector<std::pair<OnExit, domain::ExitInfo>> exits;
  {
    absl::MutexLock lock(&mutex_);
    for (auto it = children_.begin(); it != children_.end();) {
      Child& child = it->second;
      const std::optional<Ended> ended = Reap(child.process.pid);
      if (!ended.has_value()) {
        if (CheckMemory(child)) KillGroup(child.process.pid);
        ++it;
        continue;
      }
      exits.emplace_back(std::move(child.on_exit),
                         Describe(*ended, child.hit_memory_limit, child.peak_anonymous_bytes,
                                  child.memory_limit_bytes));
      it = children_.erase(it);
    }
  }
  for (const auto& [on_exit, exit] : exits) on_exit(exit);
}

// True: it holds more than it may.
bool Supervisor::CheckMemory(Child& child) {
  if (child.memory_limit_bytes == 0) return false;
  child.peak_anonymous_bytes =
      std::max(child.peak_anonymous_bytes, AnonymousRssBytes(child.process.pid));
  if (child.peak_anonymous_bytes > child.memory_limit_bytes) child.hit_memory_limit = true;
  return child.hit_memory_limit;
}

}  // namespace winnow::launch
