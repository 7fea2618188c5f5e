// The worker protocol: an input is messages, each behind its length (two bytes, high one first).
// The first message is made from the first byte: which kind of attempt says Hello, if any.
#include <google/protobuf/stubs/logging.h>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/telemetry.h"
#include "server/domain/layout.h"
#include "server/rpc/convert.h"
#include "server/rpc/errors.h"
#include "server/rpc/progress_board.h"
#include "server/rpc/worker_session.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/stub_scheduler.h"

namespace winnow::rpc {
namespace {

using fuzz::Require;

// First attempts: why a later one was needed is read from a store, which is no part of the target.
constexpr const char* kAttempts[] = {"tenants/t/jobs/j/attempts/1",
                                     "tenants/t/datasets/d/attempts/1",
                                     "tenants/t/inferences/i/attempts/1"};

// What clients are later shown of it must be possible to show.
void CheckKept(const test::StubScheduler& scheduler) {
  const domain::JobName job{"t", "j"};
  for (const std::string& payload : scheduler.payloads) {
    domain::JobEvent event;
    event.sequence = 1;
    event.payload = payload;
    Require(EventToProto(job, event).ok(), "a stored event can be shown");
  }
  for (const domain::Error& error : scheduler.failures) {
    Require(ToRpcStatus(error).ByteSizeLong() < (4 << 10) + error.message.size(),
            "details stay small");
  }
}

void Talk(const std::string& input) {
  static server::SystemClock clock;
  static server::Telemetry telemetry;
  static const domain::DataDirLayout layout("/data");
  test::StubScheduler scheduler;
  ProgressBoard progress;
  Deps deps;
  deps.clock = &clock;
  deps.telemetry = &telemetry;
  deps.scheduler = &scheduler;
  deps.layout = &layout;
  deps.progress = &progress;
  const WorkerFacts facts{"1", 1, 0, 0};
  int64_t acknowledged = 0;
  WorkerSession session(
      &deps, &facts,
      [&acknowledged](const internal::v1::AttachResponse& response) {
        if (!response.has_ack()) return;
        Require(response.ack().ordinal() >= acknowledged, "acknowledgements never go back");
        acknowledged = response.ack().ordinal();
      },
      [](const domain::AttemptId&) {});
  fuzz::Bytes bytes(input);
  const uint8_t kind = bytes.Byte() % 4;
  if (kind < 3) {
    internal::v1::AttachRequest hello;
    hello.mutable_hello()->set_attempt_id(kAttempts[kind]);
    hello.mutable_hello()->set_version("1");
    hello.mutable_hello()->set_plan_version(1);
    Require(session.Handle(hello).ok(), "a good Hello is taken");
  }
  while (!bytes.empty()) {
    internal::v1::AttachRequest message;
    if (!message.ParseFromString(bytes.Text(bytes.Short()))) break;
    if (!session.Handle(message).ok() || !session.Flush().ok()) break;
  }
  session.Detach();
  CheckKept(scheduler);
}

}  // namespace
}  // namespace winnow::rpc

WINNOW_FUZZ_TARGET(worker_session) {
  static google::protobuf::LogSilencer silent;
  static const bool quiet = [] {
    winnow::server::LogOptions options;
    return winnow::server::ParseLogOptions("error", "text", &options).ok() &&
           (winnow::server::InitLogging(options), true);
  }();
  if (quiet) winnow::rpc::Talk(input);
}
