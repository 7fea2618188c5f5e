#include "server/ops/signals.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "absl/time/clock.h"
#include "server/base/log.h"

namespace winnow::ops_http {
namespace {

// Those that end the process.
sigset_t EndSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  return set;
}

sigset_t Signals() {
  sigset_t set = EndSignals();
  ::sigaddset(&set, SIGHUP);
  return set;
}

// The signal that came before `deadline`, or 0.
int WaitUntil(absl::Time deadline) {
  const sigset_t set = EndSignals();
  while (true) {
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return 0;
    const timespec timeout = absl::ToTimespec(left);
    const int number = ::sigtimedwait(&set, nullptr, &timeout);
    if (number > 0) return number;
    if (errno != EINTR) return 0;
  }
}

}  // namespace

void BlockSignals() {
  const sigset_t set = Signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
}

int WaitForSignal() {
  const sigset_t set = Signals();
  int number = 0;
  while (::sigwait(&set, &number) != 0) {
  }
  return number;
}

void ExitAtNextSignalOrAfter(absl::Duration budget) {
  std::thread([deadline = absl::Now() + budget] {
    const int number = WaitUntil(deadline);
    server::LogWarning(number > 0 ? "a second signal; the process ends at once"
                                  : "shutting down took too long; the process ends at once");
    ::_exit(1);
  }).detach();
}

}  // namespace winnow::ops_http
