#include "client/cli/interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "client/cli/exit_status.h"

namespace winnow::cli {
namespace {

constexpr int kEndOfThread = SIGUSR1;

sigset_t Signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kEndOfThread);
  return set;
}

void Mask(int how) {
  const sigset_t set = Signals();
  pthread_sigmask(how, &set, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  Mask(SIG_BLOCK);
  thread_ = std::thread([this] { Loop(); });
}

Interrupt::~Interrupt() {
  pthread_kill(thread_.native_handle(), kEndOfThread);
  thread_.join();
  Mask(SIG_UNBLOCK);
}

void Interrupt::SetHandler(std::function<void()> handler) {
  absl::MutexLock lock(&mutex_);
  handler_ = std::move(handler);
  if (interrupted_ && handler_) handler_();
}

bool Interrupt::is_interrupted() const {
  absl::MutexLock lock(&mutex_);
  return interrupted_;
}

void Interrupt::Loop() {
  const sigset_t set = Signals();
  while (true) {
    int signal = 0;
    sigwait(&set, &signal);
    if (signal == kEndOfThread) return;
    absl::MutexLock lock(&mutex_);
    if (interrupted_) _exit(kExitJobFailed);
    interrupted_ = true;
    if (handler_) handler_();
  }
}

}  // namespace winnow::cli
