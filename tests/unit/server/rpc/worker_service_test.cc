#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class WorkerServiceTest : public RpcTest {
 protected:
  void SetUp() override {
    RpcTest::SetUp();
    MakeDataset();
  }
  // The whole life of a job whose worker runs `script`.
  v1::Job Run(WorkerScript script, v1::Job::State end) {
    SetScript(domain::WorkKind::kJob, std::move(script));
    return WaitForState(MustCreate(JobRequest("j")).name(), end);
  }
};

TEST_F(WorkerServiceTest, TheAssignmentHasAllThatAnAttemptNeeds) {
  internal::v1::JobAssignment seen;
  v1::CreateJobRequest request = JobRequest("j");
  request.mutable_job()->mutable_spec()->mutable_resources()->set_wall_clock_limit_s(100);
  request.mutable_job()->mutable_spec()->mutable_resources()->set_memory_limit_bytes(1 << 30);
  SetScript(domain::WorkKind::kJob, [&seen](FakeWorker& worker) {
    if (!worker.Attach()) return;
    seen = worker.assignment().job();
    worker.FinishWithFile("selection.json", "{}");
  });
  MustCreate(request);
  WaitForState("j", v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(seen.job(), "tenants/default/jobs/j");
  EXPECT_EQ(seen.attempt(), 1);
  EXPECT_EQ(seen.spec().SerializeAsString(), GetJob("j").resolved_spec().SerializeAsString());
  EXPECT_EQ(seen.dataset_dir(), layout_.TableDir({"default", "adult"}));
  EXPECT_EQ(seen.dataset_sha256(), std::string(64, 'a'));
  EXPECT_EQ(seen.attempt_dir(), layout_.JobDir({"default", "j"}) + "/attempt-1");
  EXPECT_EQ(seen.threads(), 1);
  EXPECT_EQ(seen.memory_limit_bytes(), 1 << 30);
  EXPECT_DOUBLE_EQ(seen.wall_clock_left_s(), 100);
  EXPECT_EQ(seen.next_ordinal(), 1);
  EXPECT_FALSE(seen.stop_requested());
}

TEST_F(WorkerServiceTest, EventsAreDurableBeforeTheyAreAcknowledged) {
  Run(
      [this](FakeWorker& worker) {
        if (!worker.Attach()) return;
        for (int i = 1; i <= 100; ++i) worker.SendPick(i, absl::StrCat("f", i));
        EXPECT_TRUE(worker.WaitForAck(100));
        const auto page = server_->store->ReadEvents({"default", "j"}, 0, {1000, 1 << 20});
        EXPECT_EQ(page->last_sequence, 103);
        worker.FinishWithFile("selection.json", "{}", 100);
      },
      v1::Job::STATE_SUCCEEDED);
}

TEST_F(WorkerServiceTest, CheckpointsBecomeEventsAndTheNextAttemptGetsThem) {
  const v1::Job job = Run(
      [](FakeWorker& worker) {
        if (!worker.Attach()) return;
        const auto& assignment = worker.assignment().job();
        if (assignment.attempt() == 1) {
          worker.SendPick(1, "a");
          worker.SendCheckpoint(1, 50);
          worker.SendPick(2, "b");
          EXPECT_TRUE(worker.WaitForAck(2));
          return;  // dies
        }
        EXPECT_EQ(assignment.checkpoints_size(), 1);
        EXPECT_EQ(assignment.checkpoints(0).step(), 50);
        EXPECT_THAT(assignment.checkpoints(0).path(), HasSubstr("/attempt-1/checkpoint-50"));
        EXPECT_TRUE(std::filesystem::exists(assignment.checkpoints(0).path()));
        EXPECT_EQ(assignment.next_ordinal(), 3);
        worker.SendPick(2, "b");  // again, as the first attempt told it
        worker.FinishWithFile("selection.json", "{}", 2);
      },
      v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(job.attempt(), 2);
  EXPECT_EQ(job.attempts(0).outcome(), v1::JobAttempt::OUTCOME_CRASHED);
  int picks = 0;
  int checkpoints = 0;
  for (const v1::JobEvent& event : Log("j")) {
    picks += event.has_pick();
    if (!event.has_checkpoint_written()) continue;
    ++checkpoints;
    EXPECT_EQ(event.checkpoint_written().step(), 50);
    EXPECT_EQ(event.checkpoint_written().stage(), v1::STAGE_SELECT);
    EXPECT_GT(event.checkpoint_written().size_bytes(), 0);
  }
  EXPECT_EQ(picks, 2);
  EXPECT_EQ(checkpoints, 1);
  EXPECT_GT(telemetry_.Count("checkpoint bytes"), 0);
  EXPECT_EQ(telemetry_.Count("attempt first"), 1);
  EXPECT_EQ(telemetry_.Count("attempt crash"), 1);
}

TEST_F(WorkerServiceTest, WhatAnAttemptSpendsIsCounted) {
  Run(
      [](FakeWorker& worker) {
        if (!worker.Attach()) return;
        internal::v1::AttachRequest message;
        auto& usage = *message.mutable_usage();
        auto& stage = *usage.add_stages();
        stage.set_name("train");
        stage.set_seconds(1.5);
        auto& kernel = *usage.add_kernels();
        kernel.set_name("rows");
        kernel.set_seconds(0.25);
        usage.set_checkpoint_failures(2);
        worker.Send(message);
        worker.Send(message);
        worker.FinishWithFile("selection.json", "{}");
      },
      v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(telemetry_.Count("stage sequential_attention train ms"), 3000);
  EXPECT_EQ(telemetry_.Count("kernel rows ms"), 500);
  EXPECT_EQ(telemetry_.Count("checkpoints failed"), 4);
}

TEST_F(WorkerServiceTest, AnAttemptThatTellsAnotherStoryFailsTheJob) {
  const v1::Job job = Run(
      [](FakeWorker& worker) {
        if (!worker.Attach()) return;
        const bool first = worker.assignment().job().attempt() == 1;
        worker.SendPick(1, first ? "a" : "another");
        if (first) {
          worker.WaitForAck(1);
        } else {
          worker.WaitForEnd();
        }
      },
      v1::Job::STATE_FAILED);
  EXPECT_EQ(FromRpcStatus(job.error()).reason, "EVENT_MISMATCH");
}

TEST_F(WorkerServiceTest, AWorkerThatDiesAgainAndAgainFailsTheJob) {
  const v1::Job job = Run([](FakeWorker& worker) { worker.Attach(); }, v1::Job::STATE_FAILED);
  EXPECT_EQ(FromRpcStatus(job.error()).reason, "CRASH_LOOP");
  EXPECT_EQ(job.attempt(), 3);
}

TEST_F(WorkerServiceTest, StrangersGetNothing) {
  grpc::Status wrong_secret;
  grpc::Status unknown;
  Run(
      [&](FakeWorker& worker) {
        FakeWorker thief(layout_.WorkerSocket(), worker.spec());
        EXPECT_FALSE(thief.AttachWithSecret(std::string(64, '0')));
        wrong_secret = thief.status();
        launch::LaunchSpec other = worker.spec();
        other.attempt.number = 7;
        FakeWorker stale(layout_.WorkerSocket(), other);
        EXPECT_FALSE(stale.Attach());
        unknown = stale.status();
        // The real one is not harmed.
        ASSERT_TRUE(worker.Attach());
        FakeWorker twin(layout_.WorkerSocket(), worker.spec());
        EXPECT_FALSE(twin.Attach());
        EXPECT_EQ(twin.status().error_code(), grpc::StatusCode::ABORTED);
        worker.FinishWithFile("selection.json", "{}");
      },
      v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(wrong_secret.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::ABORTED);
}

TEST_F(WorkerServiceTest, AnotherBuildIsRefused) {
  grpc::Status status;
  Run(
      [&](FakeWorker& worker) {
        if (worker.spec().attempt.number == 1) {
          EXPECT_FALSE(worker.Attach("9.9.9"));
          status = worker.status();
        } else if (worker.Attach()) {
          worker.FinishWithFile("selection.json", "{}");
        }
      },
      v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(status.error_message(), HasSubstr("9.9.9"));
}

TEST_F(WorkerServiceTest, AnArtifactThatIsNotWhatWasSaidIsRefused) {
  std::vector<grpc::Status> ends;
  const v1::Job job = Run(
      [&](FakeWorker& worker) {
        if (!worker.Attach()) return;
        std::ofstream(worker.spec().directory + "/selection.json") << "{}";
        internal::v1::AttachRequest message;
        auto& file = *message.mutable_finished()->mutable_succeeded()->add_artifacts();
        file.set_artifact_id("selection.json");
        file.set_path(worker.spec().directory + "/selection.json");
        file.set_size_bytes(2);
        file.set_sha256(std::string(64, '0'));
        EXPECT_FALSE(worker.Finish(message));
        ends.push_back(worker.status());
      },
      v1::Job::STATE_FAILED);
  ASSERT_FALSE(ends.empty());
  EXPECT_EQ(ends[0].error_code(), grpc::StatusCode::DATA_LOSS);
}

TEST_F(WorkerServiceTest, FilesOutsideOfTheAttemptAreRefused) {
  std::vector<grpc::Status> ends;
  Run(
      [&](FakeWorker& worker) {
        if (!worker.Attach()) return;
        internal::v1::AttachRequest message;
        auto& file = *message.mutable_finished()->mutable_succeeded()->add_artifacts();
        file.set_artifact_id("passwd");
        file.set_path("/etc/passwd");
        EXPECT_FALSE(worker.Finish(message));
        ends.push_back(worker.status());
      },
      v1::Job::STATE_FAILED);
  ASSERT_FALSE(ends.empty());
  EXPECT_EQ(ends[0].error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WorkerServiceTest, WhoBreaksTheProtocolIsCutOff) {
  std::vector<std::string> ends;
  const auto broken = [&](FakeWorker& worker, const internal::v1::AttachRequest& message) {
    worker.Send(message);
    worker.WaitForEnd();
    ends.push_back(worker.status().error_message());
  };
  Run(
      [&](FakeWorker& worker) {
        if (!worker.Attach()) return;
        internal::v1::AttachRequest message;
        switch (worker.assignment().job().attempt()) {
          case 1:
            message.mutable_hello();
            return broken(worker, message);
          case 2:
            // Only the server writes its own kinds of events.
            message.mutable_event()->mutable_event()->mutable_state_changed();
            return broken(worker, message);
          default:
            message.mutable_finished()->set_ordinal(5);
            message.mutable_finished()->mutable_succeeded();
            return broken(worker, message);
        }
      },
      v1::Job::STATE_FAILED);
  ASSERT_THAT(ends, SizeIs(3));
  EXPECT_THAT(ends[0], HasSubstr("second Hello"));
  EXPECT_THAT(ends[1], HasSubstr("not a worker's"));
  EXPECT_THAT(ends[2], HasSubstr("only 0 have come"));
}

TEST_F(WorkerServiceTest, ProgressFeedsTheCounters) {
  Run(
      [](FakeWorker& worker) {
        if (!worker.Attach()) return;
        worker.SendProgress(10);
        worker.SendProgress(25);
        worker.SendProgress(20);  // never counted backward
        worker.FinishWithFile("selection.json", "{}");
      },
      v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(telemetry_.Count("steps sequential_attention"), 25);
}

TEST_F(WorkerServiceTest, ACommandBeforeTheAttachIsPartOfTheAssignment) {
  options_.finish_grace = absl::Seconds(20);
  KillServer();
  StartServer();
  absl::Notification stopped;
  const auto script = [&](FakeWorker& worker) {
    stopped.WaitForNotification();
    if (!worker.Attach()) return;
    EXPECT_TRUE(worker.assignment().job().stop_requested());
    internal::v1::AttachRequest message;
    message.mutable_finished()->mutable_succeeded()->set_stopped_early(true);
    worker.Finish(message);
  };
  SetScript(domain::WorkKind::kJob, script);
  MustCreate(JobRequest("j"));
  WaitForState("j", v1::Job::STATE_RUNNING);
  EXPECT_OK(server_->scheduler->StopJob({"default", "j"}));
  stopped.Notify();
  EXPECT_TRUE(WaitForState("j", v1::Job::STATE_SUCCEEDED).stopped_early());
}

TEST_F(WorkerServiceTest, ADrainAsksWorkersToYieldAndTheJobGoesOnLater) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    if (worker.assignment().job().attempt() > 1) {
      worker.FinishWithFile("selection.json", "{}", 1);
      return;
    }
    worker.SendPick(1, "a");
    if (!worker.WaitForCommand(internal::v1::Command::KIND_YIELD)) return;
    worker.SendCheckpoint(1, 5);
    worker.FinishYielded();
  });
  MustCreate(JobRequest("j"));
  WaitForState("j", v1::Job::STATE_RUNNING);
  server_->scheduler->StartDrain();
  WaitForState("j", v1::Job::STATE_PENDING);
  KillServer();
  StartServer();
  const v1::Job job = WaitForState("j", v1::Job::STATE_SUCCEEDED);
  EXPECT_EQ(job.attempt(), 2);
  EXPECT_EQ(job.attempts(0).outcome(), v1::JobAttempt::OUTCOME_YIELDED);
  EXPECT_EQ(telemetry_.Count("attempt drain"), 1);
}

TEST_F(WorkerServiceTest, KilledServersLoseNothingThatWasAcknowledged) {
  SetScript(domain::WorkKind::kJob, [](FakeWorker& worker) {
    if (!worker.Attach()) return;
    const auto& assignment = worker.assignment().job();
    const int64_t from =
        assignment.checkpoints().empty() ? 1 : assignment.checkpoints(0).ordinal() + 1;
    for (int64_t i = from; i <= 20; ++i) {
      if (!worker.SendPick(i, absl::StrCat("f", i))) return;
      if (i % 5 == 0 && !worker.SendCheckpoint(i, i)) return;
      if (i == 3 + 5 * assignment.attempt() && assignment.attempt() < 3) return worker.WaitForEnd();
    }
    worker.FinishWithFile("selection.json", "{}", 20);
  });
  MustCreate(JobRequest("j"));
  for (int restarts = 1; restarts <= 2; ++restarts) {
    WaitUntil([&] { return GetJob("j").last_sequence() >= 10 * restarts; });
    KillServer();
    StartServer();
  }
  WaitForState("j", v1::Job::STATE_SUCCEEDED);
  int64_t expected = 0;
  std::vector<std::string> picks;
  for (const v1::JobEvent& event : Log("j")) {
    EXPECT_EQ(event.sequence(), ++expected);
    if (event.has_pick()) picks.push_back(event.pick().candidate());
  }
  ASSERT_THAT(picks, SizeIs(20));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(picks[i], absl::StrCat("f", i + 1));
}

}  // namespace
}  // namespace winnow::rpc
