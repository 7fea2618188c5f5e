// Ctrl-C (SIGINT) and SIGTERM as an ordinary event of a thread.
#ifndef WINNOW_CLIENT_CLI_INTERRUPT_H_
#define WINNOW_CLIENT_CLI_INTERRUPT_H_

#include <functional>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace winnow::cli {

// While it lives, the first signal calls the handler from a thread of its own; the second ends the
// process. REQUIRES: made by the main thread before any other starts (before the first connection),
// because threads inherit the signals that are blocked; one at a time.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  // Replaces the handler; a signal that came before calls it at once. nullptr: none.
  void SetHandler(std::function<void()> handler);
  bool is_interrupted() const;

 private:
  void Loop();

  mutable absl::Mutex mutex_;
  std::function<void()> handler_ ABSL_GUARDED_BY(mutex_);
  bool interrupted_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// Takes the handler back when it goes out of scope, before what the handler refers to does.
class HandlerScope {
 public:
  HandlerScope(Interrupt& interrupt, std::function<void()> handler) : interrupt_(interrupt) {
    interrupt_.SetHandler(std::move(handler));
  }
  ~HandlerScope() { interrupt_.SetHandler(nullptr); }
  HandlerScope(const HandlerScope&) = delete;
  HandlerScope& operator=(const HandlerScope&) = delete;

 private:
  Interrupt& interrupt_;
};

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_INTERRUPT_H_
