// All WatchJob streams of the server: their limits, their clock and their end.
#ifndef WINNOW_SERVER_RPC_WATCH_HUB_H_
#define WINNOW_SERVER_RPC_WATCH_HUB_H_

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "server/base/ticker.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"
#include "server/rpc/watch_stream.h"
#include "winnow/v1/job_service.pb.h"

namespace winnow::rpc {

// THREAD-SAFETY: any thread. REQUIRES at destruction: no stream is open.
class WatchHub {
 public:
  // `period`: how often streams look at the clock.
  explicit WatchHub(const Deps* deps, absl::Duration period = absl::Milliseconds(100));

  // The reactor of a new stream; of one that only ends when the call is refused (name, limits,
  // drain).
  grpc::ServerWriteReactor<v1::JobEvent>* Start(const Caller& caller,
                                                grpc::CallbackServerContext* context,
                                                const v1::WatchJobRequest& request);
  // Ends every stream with UNAVAILABLE DRAINING, and every later one at once.
  void Drain();

 private:
  // RESOURCE_EXHAUSTED WATCHERS.
  absl::Status CheckLimits(const domain::JobName& job) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::StatusOr<std::shared_ptr<WatchStream>> Make(const Caller& caller,
                                                    grpc::CallbackServerContext* context,
                                                    const v1::WatchJobRequest& request);
  void Remove(int64_t id);
  std::vector<std::shared_ptr<WatchStream>> Streams();
  void Tick();

  const Deps& deps_;
  absl::Mutex mutex_;
  bool draining_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t last_id_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<int64_t, std::shared_ptr<WatchStream>> streams_ ABSL_GUARDED_BY(mutex_);
  server::Ticker ticker_;  // last: it uses the others
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_WATCH_HUB_H_
