// What the services work with.
#ifndef WINNOW_SERVER_RPC_DEPS_H_
#define WINNOW_SERVER_RPC_DEPS_H_

#include "server/auth/authenticator.h"
#include "server/base/clock.h"
#include "server/base/executor.h"
#include "server/base/file_system.h"
#include "server/base/ids.h"
#include "server/base/telemetry.h"
#include "server/domain/layout.h"
#include "server/domain/quota.h"
#include "server/rpc/gate.h"
#include "server/rpc/limits.h"
#include "server/rpc/progress_board.h"
#include "server/rpc/rate_limiter.h"
#include "server/sched/scheduler.h"
#include "server/store/store.h"

namespace winnow::rpc {

// OWNERSHIP: all must outlive the services. RPC callback threads never block: whatever touches the
// disk or the scheduler runs on one of the executors.
struct Deps {
  const server::Clock* clock = nullptr;
  server::FileSystem* files = nullptr;
  server::IdSource* ids = nullptr;
  server::Executor* requests = nullptr;  // short work: unary calls, reads of watchers
  server::Executor* bulk = nullptr;      // bytes of uploads and downloads
  server::Executor* workers = nullptr;   // reports of workers
  server::Telemetry* telemetry = nullptr;
  store::Store* store = nullptr;
  sched::Scheduler* scheduler = nullptr;
  const domain::DataDirLayout* layout = nullptr;
  ProgressBoard* progress = nullptr;
  Gate* gate = nullptr;
  const auth::Authenticator* authenticator = nullptr;  // null: everybody is let in
  RateLimiter* rates = nullptr;                        // null: no limit
  Limits limits;
  domain::TenantQuotas quotas;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_DEPS_H_
