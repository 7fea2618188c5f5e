// Whether a call that runs on may run on: a stream does not outlive the credential that let it in.
#ifndef WINNOW_SERVER_RPC_STANDING_H_
#define WINNOW_SERVER_RPC_STANDING_H_

#include <cstdint>

#include "absl/status/status.h"
#include "server/rpc/access.h"
#include "server/rpc/caller.h"
#include "server/rpc/deps.h"

namespace winnow::rpc {

// THREAD-SAFETY: one thread at a time.
class Standing {
 public:
  // `caller` as Admit gave it. OWNERSHIP: deps and method must outlive it.
  Standing(const Deps& deps, const Caller& caller, const Method& method);

  // UNAUTHENTICATED TOKEN_EXPIRED; TOKEN_INVALID when the entry is gone or stands for another
  // tenant; PERMISSION_DENIED ROLE_MISSING when its role was lowered below the method's. Between
  // changes of the credentials it only looks at the clock.
  absl::Status Check();

 private:
  absl::Status Recheck();

  const Deps& deps_;
  const Method& method_;
  Caller caller_;
  int64_t generation_ = -1;  // of the last Recheck: none yet
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_STANDING_H_
