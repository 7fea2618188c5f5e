#include <random>
#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using grpc::StatusCode;
using testing::SizeIs;

bool IsDurable(const v1::JobEvent& event) { return !event.has_progress() && !event.has_bookmark(); }

// One stream, read message by message.
class Watch {
 public:
  Watch(v1::JobService::Stub& stub, const std::string& name, int64_t after) {
    v1::WatchJobRequest request;
    request.set_name(name);
    request.set_after_sequence(after);
    reader_ = stub.WatchJob(&context_, request);
  }
  ~Watch() { context_.TryCancel(); }

  bool Read(v1::JobEvent* event) { return reader_->Read(event); }
  grpc::Status Finish() { return reader_->Finish(); }
  // Everything up to the end of the stream.
  std::vector<v1::JobEvent> ReadAll() {
    std::vector<v1::JobEvent> events;
    v1::JobEvent event;
    while (Read(&event)) events.push_back(event);
    return events;
  }
  grpc::ClientContext& context() { return context_; }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::JobEvent>> reader_;
};

// The promises of the contract for one stream that began behind `after`: ordered, unique, without
// gap; what is not durable repeats the last sequence delivered.
void CheckStream(const std::vector<v1::JobEvent>& events, int64_t after) {
  int64_t delivered = after;
  for (const v1::JobEvent& event : events) {
    ASSERT_EQ(event.sequence(), IsDurable(event) ? delivered + 1 : delivered)
        << event.ShortDebugString();
    delivered = event.sequence();
  }
}

class WatchTest : public RpcTest {
 protected:
  void SetUp() override {
    limits_.progress_interval = absl::Milliseconds(20);
    limits_.progress_repeat = absl::Milliseconds(60);
    RpcTest::SetUp();
    MakeDataset();
  }

  // A worker that reports `picks` events, with progress between them.
  static WorkerScript Picks(int picks, absl::Duration pause = absl::ZeroDuration()) {
    return [picks, pause](FakeWorker& worker) {
      if (!worker.Attach()) return;
      for (int i = 1; i <= picks; ++i) {
        worker.SendProgress(i);
        worker.SendPick(i, absl::StrCat("feature ", i));
        absl::SleepFor(pause);  // the pace of a training
      }
      worker.FinishWithFile("selection.json", "{}", picks);
    };
  }
};

TEST_F(WatchTest, TheWholeLogOfAFinishedJobAndThenOk) {
  SetScript(domain::WorkKind::kJob, Picks(500));
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_SUCCEEDED);
  Watch watch(*jobs_, name, 0);
  const std::vector<v1::JobEvent> events = watch.ReadAll();
  EXPECT_THAT(watch.Finish(), IsGrpcOk());
  CheckStream(events, 0);
  const std::vector<v1::JobEvent> log = Log(name);
  ASSERT_EQ(events.size(), log.size());
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(events[i].SerializeAsString(), log[i].SerializeAsString());
  }
  EXPECT_EQ(events.back().state_changed().to(), v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(telemetry_.Count("watch closed TERMINAL"), 1);
}

TEST_F(WatchTest, LiveWithProgressUntilTheEnd) {
  SetScript(domain::WorkKind::kJob, Picks(30, absl::Milliseconds(10)));
  const std::string name = MustCreate(JobRequest()).name();
  Watch watch(*jobs_, name, 0);
  const std::vector<v1::JobEvent> events = watch.ReadAll();
  EXPECT_THAT(watch.Finish(), IsGrpcOk());
  CheckStream(events, 0);
  int progress = 0;
  int64_t step = 0;
  std::set<int64_t> steps;
  for (const v1::JobEvent& event : events) {
    if (!event.has_progress()) continue;
    ++progress;
    EXPECT_GE(event.progress().step(), step);  // the newest wins
    step = event.progress().step();
    EXPECT_EQ(event.attempt(), 1);
    steps.insert(step);
  }
  EXPECT_GT(progress, 2);
  // Of 30 notes in some 300 ms at most one in 20 ms is sent; none is counted twice.
  EXPECT_GT(telemetry_.Count("notes dropped"), 0);
  EXPECT_LE(telemetry_.Count("notes dropped") + static_cast<int64_t>(steps.size()), 30);
}

TEST_F(WatchTest, ProgressIsRepeatedWhileTheWorkerIsBusyElsewhere) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    worker.SendProgress(7);
    worker.WaitForEnd();
  });
  const std::string name = MustCreate(JobRequest()).name();
  Watch watch(*jobs_, name, 0);
  v1::JobEvent event;
  for (int notes = 0; notes < 3;) {
    ASSERT_TRUE(watch.Read(&event));
    if (!event.has_progress()) continue;
    EXPECT_EQ(event.progress().step(), 7);
    EXPECT_EQ(event.sequence(), 3);
    ++notes;
  }
}

TEST_F(WatchTest, TheFirstMessageComesAtOnceAndBookmarksFollow) {
  limits_.bookmark_interval = absl::Milliseconds(50);
  KillServer();
  StartServer();
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string name = MustCreate(JobRequest()).name();
  WaitForState(name, v1::Job::STATE_RUNNING);
  Watch watch(*jobs_, name, 3);
  v1::JobEvent event;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(watch.Read(&event));
    EXPECT_TRUE(event.has_bookmark());
    EXPECT_EQ(event.sequence(), 3);
  }
}

TEST_F(WatchTest, RejoinAtTheHeadOfAFinishedJobGivesABookmarkAndOk) {
  SetScript(domain::WorkKind::kJob, Picks(1));
  const std::string name = MustCreate(JobRequest()).name();
  const v1::Job job = WaitForState(name, v1::Job::STATE_SUCCEEDED);
  Watch watch(*jobs_, name, job.last_sequence());
  const std::vector<v1::JobEvent> events = watch.ReadAll();
  EXPECT_THAT(watch.Finish(), IsGrpcOk());
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_TRUE(events[0].has_bookmark());
  EXPECT_EQ(events[0].sequence(), job.last_sequence());
}

TEST_F(WatchTest, SequencesAheadOfTheLogAreRefused) {
  const std::string name = MustCreate(JobRequest()).name();
  Watch ahead(*jobs_, name, 1000);
  EXPECT_THAT(ahead.ReadAll(), SizeIs(0));
  const grpc::Status status = ahead.Finish();
  EXPECT_THAT(status, Refused(StatusCode::OUT_OF_RANGE, "SEQUENCE_AHEAD"));
  EXPECT_TRUE(ParseRefusal(status).info.metadata().count("lastSequence"));
  Watch negative(*jobs_, name, -1);
  EXPECT_THAT(negative.ReadAll(), SizeIs(0));
  EXPECT_THAT(negative.Finish(), Refused(StatusCode::INVALID_ARGUMENT, "INVALID_FIELDS"));
  Watch nobody(*jobs_, "nobody", 0);
  EXPECT_THAT(nobody.ReadAll(), SizeIs(0));
  EXPECT_THAT(nobody.Finish(), Refused(StatusCode::NOT_FOUND, "JOB_NOT_FOUND"));
  Watch foreign(*jobs_, "tenants/other/jobs/j", 0);
  EXPECT_THAT(foreign.ReadAll(), SizeIs(0));
  EXPECT_THAT(foreign.Finish(), Refused(StatusCode::PERMISSION_DENIED, "TENANT_MISMATCH"));
}

// Streams cut at random points, rejoined behind the last durable event that was read.
TEST_F(WatchTest, TheConcatenationOfCutStreamsIsTheLog) {
  SetScript(domain::WorkKind::kJob, Picks(600, absl::Microseconds(500)));
  const std::string name = MustCreate(JobRequest()).name();
  std::mt19937 random(20240607);  // NOLINT: the same cuts in every run
  std::vector<v1::JobEvent> applied;
  int streams = 0;
  bool ended = false;
  while (!ended) {
    ++streams;
    const int64_t after = applied.empty() ? 0 : applied.back().sequence();
    Watch watch(*jobs_, name, after);
    std::vector<v1::JobEvent> seen;
    v1::JobEvent event;
    const int cut = static_cast<int>(random() % 60);
    while (static_cast<int>(seen.size()) <= cut) {
      if (!watch.Read(&event)) {
        EXPECT_THAT(watch.Finish(), IsGrpcOk());
        ended = true;
        break;
      }
      seen.push_back(event);
    }
    CheckStream(seen, after);
    for (const v1::JobEvent& each : seen) {
      if (IsDurable(each)) applied.push_back(each);
    }
  }
  EXPECT_GT(streams, 5);
  const std::vector<v1::JobEvent> log = Log(name);
  ASSERT_EQ(applied.size(), log.size());
  for (size_t i = 0; i < log.size(); ++i) {
    EXPECT_EQ(applied[i].SerializeAsString(), log[i].SerializeAsString());
  }
}

TEST_F(WatchTest, ManyWatchersOfOneJobSeeTheSame) {
  SetScript(domain::WorkKind::kJob, Picks(200, absl::Microseconds(200)));
  const std::string name = MustCreate(JobRequest()).name();
  std::vector<std::vector<v1::JobEvent>> seen(8);
  std::vector<std::thread> threads;
  for (auto& events : seen) {
    threads.emplace_back([this, &events, &name] {
      Watch watch(*jobs_, name, 0);
      events = watch.ReadAll();
      EXPECT_THAT(watch.Finish(), IsGrpcOk());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& events : seen) {
    CheckStream(events, 0);
    EXPECT_EQ(events.back().sequence(), seen[0].back().sequence());
  }
}

TEST_F(WatchTest, ARestartIsRejoinedWithoutGapOrRepeat) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    // The second attempt has no checkpoint: it tells the same story from the beginning.
    for (int i = 1; i <= 5; ++i) worker.SendPick(i, absl::StrCat("f", i));
    if (worker.assignment().job().attempt() == 1) return worker.WaitForEnd();
    worker.FinishWithFile("selection.json", "{}", 5);
  });
  const std::string name = MustCreate(JobRequest()).name();
  std::vector<v1::JobEvent> applied;
  {
    Watch watch(*jobs_, name, 0);
    v1::JobEvent event;
    while (applied.size() < 8 && watch.Read(&event)) {  // 3 of the server, 5 of the worker
      if (IsDurable(event)) applied.push_back(event);
    }
    KillServer();
    while (watch.Read(&event)) {
    }
    EXPECT_FALSE(watch.Finish().ok());
  }
  StartServer();
  Watch watch(*jobs_, name, applied.back().sequence());
  for (const v1::JobEvent& event : watch.ReadAll()) {
    if (IsDurable(event)) applied.push_back(event);
  }
  EXPECT_THAT(watch.Finish(), IsGrpcOk());
  CheckStream(applied, 0);
  int picks = 0;
  for (const v1::JobEvent& event : applied) picks += event.has_pick();
  EXPECT_EQ(picks, 5);
  EXPECT_EQ(applied.back().state_changed().to(), v1::Job::STATE_SUCCEEDED);
}

TEST_F(WatchTest, WatchersAreLimitedAndComeBackWhenOthersLeave) {
  limits_.max_watchers_per_job = 2;
  KillServer();
  StartServer();
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string name = MustCreate(JobRequest()).name();
  v1::JobEvent event;
  auto first = std::make_unique<Watch>(*jobs_, name, 0);
  Watch second(*jobs_, name, 0);
  ASSERT_TRUE(first->Read(&event));
  ASSERT_TRUE(second.Read(&event));
  Watch third(*jobs_, name, 0);
  EXPECT_FALSE(third.Read(&event));
  const grpc::Status status = third.Finish();
  EXPECT_THAT(status, Refused(StatusCode::RESOURCE_EXHAUSTED, "WATCHERS"));
  EXPECT_EQ(ParseRefusal(status).quota.violations(0).subject(), name);
  EXPECT_EQ(telemetry_.Count("rejected WATCHERS"), 1);
  first.reset();
  WaitUntil([&] { return telemetry_.Count("watchers") == 1; });
  Watch fourth(*jobs_, name, 0);
  EXPECT_TRUE(fourth.Read(&event));
}

TEST_F(WatchTest, ATenantMayHaveALimitOfItsOwn) {
  options_.tenant_quotas.own["default"].max_watchers = 1;
  KillServer();
  StartServer();
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string one = MustCreate(JobRequest()).name();
  const std::string other = MustCreate(JobRequest()).name();
  v1::JobEvent event;
  Watch first(*jobs_, one, 0);
  ASSERT_TRUE(first.Read(&event));
  Watch second(*jobs_, other, 0);
  EXPECT_FALSE(second.Read(&event));
  const grpc::Status status = second.Finish();
  EXPECT_THAT(status, Refused(StatusCode::RESOURCE_EXHAUSTED, "WATCHERS"));
  EXPECT_EQ(ParseRefusal(status).quota.violations(0).subject(), "tenants/default");
  EXPECT_GT(ParseRefusal(status).retry_s, 0);
}

TEST_F(WatchTest, ADrainEndsStreamsAndLaterOnesAtOnce) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string name = MustCreate(JobRequest()).name();
  Watch watch(*jobs_, name, 0);
  v1::JobEvent event;
  ASSERT_TRUE(watch.Read(&event));
  server_->watchers->Drain();
  watch.ReadAll();
  const grpc::Status status = watch.Finish();
  EXPECT_THAT(status, Refused(StatusCode::UNAVAILABLE, "DRAINING"));
  EXPECT_GT(ParseRefusal(status).retry_s, 0);
  Watch late(*jobs_, name, 0);
  EXPECT_THAT(late.ReadAll(), SizeIs(0));
  EXPECT_THAT(late.Finish(), Refused(StatusCode::UNAVAILABLE, "DRAINING"));
}

// gRPC takes some 4 MB of small messages before a reader that does not read is felt, so the events
// here are large.
TEST_F(WatchTest, AReaderThatDoesNotReadIsCutOffAndTheOthersAreNot) {
  limits_.write_timeout = absl::Milliseconds(300);
  KillServer();
  StartServer();
  constexpr int kEvents = 300;
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    for (int i = 1; i <= kEvents; ++i) worker.SendPick(i, std::string(200'000, 'x'));
    worker.FinishWithFile("selection.json", "{}", kEvents);
  });
  const std::string name = MustCreate(JobRequest()).name();
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  const auto stub = v1::JobService::NewStub(grpc::CreateCustomChannel(
      server_->public_server.address, grpc::InsecureChannelCredentials(), arguments));
  Watch slow(*stub, name, 0);
  v1::JobEvent event;
  ASSERT_TRUE(slow.Read(&event));
  Watch good(*jobs_, name, 0);
  const std::vector<v1::JobEvent> all = good.ReadAll();
  EXPECT_THAT(good.Finish(), IsGrpcOk());
  CheckStream(all, 0);
  WaitUntil([&] { return telemetry_.Count("watch closed TOO_SLOW") == 1; });
  // What was under way still arrives; nothing behind it does.
  std::vector<v1::JobEvent> rest = slow.ReadAll();
  rest.insert(rest.begin(), event);
  CheckStream(rest, 0);
  EXPECT_LT(rest.back().sequence(), kEvents);
  const grpc::Status status = slow.Finish();
  EXPECT_TRUE(status.error_code() == StatusCode::UNAVAILABLE ||
              status.error_code() == StatusCode::CANCELLED)
      << status.error_code() << status.error_message();
}

TEST_F(WatchTest, ClientsThatLeaveAreForgotten) {
  SetScript(domain::WorkKind::kJob, RunsUntilKilled());
  const std::string name = MustCreate(JobRequest()).name();
  for (int i = 0; i < 10; ++i) {
    Watch watch(*jobs_, name, 0);
    v1::JobEvent event;
    if (i % 2 == 0) {
      EXPECT_TRUE(watch.Read(&event));
    }
  }
  WaitUntil([&] { return telemetry_.Count("watchers") == 0; });
}

}  // namespace
}  // namespace winnow::rpc
