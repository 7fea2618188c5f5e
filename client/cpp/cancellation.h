// A request to end early, from another thread, that also wakes blocked calls and pauses.
#ifndef WINNOW_CLIENT_CPP_CANCELLATION_H_
#define WINNOW_CLIENT_CPP_CANCELLATION_H_

#include <set>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"

namespace winnow::client {

// THREAD-SAFETY: any thread.
class Cancellation {
 public:
  // Ends the calls in flight with CANCELLED and every pause; later ones end at once.
  void Cancel();
  bool is_cancelled() const;

  // Waits. Returns CANCELLED when the request came before or meanwhile.
  absl::Status Pause(absl::Duration duration);

  // Ties a call to the request while it lives. REQUIRES: `context` outlives it.
  class Scope {
   public:
    Scope(Cancellation* cancellation, grpc::ClientContext* context);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Cancellation* const cancellation_;
    grpc::ClientContext* const context_;
  };

 private:
  mutable absl::Mutex mutex_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_CANCELLATION_H_
