// Whether the server takes calls: not before recovery is done, and no new work once it drains.
#ifndef WINNOW_SERVER_RPC_GATE_H_
#define WINNOW_SERVER_RPC_GATE_H_

#include <atomic>

#include "absl/status/status.h"

namespace winnow::rpc {

// THREAD-SAFETY: any thread.
class Gate {
 public:
  void Open() { phase_.store(Phase::kOpen); }
  void Drain() { phase_.store(Phase::kDraining); }

  // For calls that read or act on what exists. UNAVAILABLE STARTING.
  absl::Status CheckOpen() const;
  // For calls that bring new work. UNAVAILABLE STARTING or DRAINING.
  absl::Status CheckAccepting() const;

 private:
  enum class Phase { kStarting, kOpen, kDraining };
  std::atomic<Phase> phase_{Phase::kStarting};
};

// What a call or stream gets that ends because the server drains.
absl::Status DrainingError();

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_GATE_H_
