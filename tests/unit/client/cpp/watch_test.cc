#include "client/cpp/watch.h"

#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/cpp/fake_server_testing.h"

namespace winnow::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::winnow::test::StatusIs;

constexpr char kJob[] = "tenants/default/jobs/j1";
constexpr int kEvents = 12;

class WatchTest : public ::testing::Test {
 protected:
  WatchTest() {
    server_.jobs.log = MakeLog(kEvents, v1::Job::STATE_SUCCEEDED);
    server_.jobs.job.set_name(kJob);
    server_.jobs.job.set_state(v1::Job::STATE_SUCCEEDED);
    options_.first_pause = absl::Milliseconds(1);
  }

  absl::Status Watch() {
    return WatchJob(*client_, kJob, options_, [&](const v1::JobEvent& event) {
      if (event.has_progress()) {
        EXPECT_EQ(event.sequence(), seen_.empty() ? 0 : seen_.back());
        ++notes_;
        return absl::OkStatus();
      }
      EXPECT_FALSE(event.has_bookmark());
      seen_.push_back(event.sequence());
      return event.sequence() == fails_at_ ? absl::InternalError("no") : absl::OkStatus();
    });
  }

  static std::vector<int64_t> Sequences(int64_t from, int64_t to) {
    std::vector<int64_t> all;
    for (int64_t sequence = from; sequence <= to; ++sequence) all.push_back(sequence);
    return all;
  }

  FakeServer server_;
  std::unique_ptr<Client> client_ = server_.Connect();
  WatchOptions options_;
  std::vector<int64_t> seen_;
  int notes_ = 0;
  int64_t fails_at_ = -1;
};

TEST_F(WatchTest, GivesTheWholeLogInOrderWithProgressBetween) {
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(1, kEvents));
  EXPECT_EQ(notes_, kEvents - 1);  // the one after the terminal event is not waited for
}

TEST_F(WatchTest, GoesOnBehindTheEventThatTheCallerKnows) {
  options_.after_sequence = 5;
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(6, kEvents));
}

class WatchCutTest : public WatchTest, public ::testing::WithParamInterface<int> {};

TEST_P(WatchCutTest, RejoinsWithoutGapOrRepeat) {
  server_.jobs.cut_after = GetParam();
  int rejoins = 0;
  options_.on_rejoin = [&](const absl::Status&) { ++rejoins; };
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(1, kEvents));
  EXPECT_EQ(rejoins, (kEvents - 1) / GetParam());
}

TEST_P(WatchCutTest, RejoinsWhenTheServerEndsTheStreamPolitely) {
  server_.jobs.cut_after = GetParam();
  server_.jobs.cut_politely = true;
  server_.jobs.job.set_state(v1::Job::STATE_RUNNING);
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(1, kEvents));
}

TEST_P(WatchCutTest, AnEventThatComesTwiceIsAppliedOnce) {
  server_.jobs.cut_after = GetParam() + 1;
  server_.jobs.repeats_last = true;
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(1, kEvents));
}

INSTANTIATE_TEST_SUITE_P(AtEachEvent, WatchCutTest, ::testing::Range(1, kEvents + 1));

TEST_F(WatchTest, AMissingEventIsAnErrorAndNothingBehindItIsApplied) {
  server_.jobs.leaves_out = 7;
  EXPECT_THAT(Watch(), StatusIs(absl::StatusCode::kDataLoss, HasSubstr("event 8")));
  EXPECT_EQ(seen_, Sequences(1, 6));
}

TEST_F(WatchTest, ALogThatHasEndedAlreadyIsOk) {
  options_.after_sequence = kEvents;
  EXPECT_OK(Watch());
  EXPECT_THAT(seen_, ElementsAre());
}

TEST_F(WatchTest, ARefusalIsNotRetried) {
  server_.jobs.refusal = RefusalOf(absl::StatusCode::kOutOfRange, "SEQUENCE_AHEAD", "ahead");
  const absl::Status status = Watch();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(ErrorOf(status).reason, "SEQUENCE_AHEAD");
  EXPECT_THAT(server_.jobs.watched_from, ElementsAre(0));
}

TEST_F(WatchTest, AnEventThatTheCallerDidNotApplyEndsTheWatch) {
  fails_at_ = 4;
  EXPECT_THAT(Watch(), StatusIs(absl::StatusCode::kInternal, "no"));
  EXPECT_EQ(seen_, Sequences(1, 4));
}

TEST_F(WatchTest, AServerThatStaysAwayIsGivenUp) {
  server_.Stop();
  options_.patience = absl::Milliseconds(50);
  EXPECT_TRUE(IsUnreachable(Watch()));
}

TEST_F(WatchTest, AServerThatComesBackIsRejoined) {
  server_.jobs.cut_after = 3;
  int rejoins = 0;
  options_.on_rejoin = [&](const absl::Status&) {
    if (++rejoins != 1) return;
    server_.Stop();
    server_.Start();
  };
  EXPECT_OK(Watch());
  EXPECT_EQ(seen_, Sequences(1, kEvents));
}

TEST_F(WatchTest, CancellationWakesAQuietStream) {
  server_.jobs.waits = true;
  server_.jobs.log.pop_back();  // the job goes on
  server_.jobs.job.set_state(v1::Job::STATE_RUNNING);
  std::thread canceller([&] {
    while (server_.jobs.watched_from.empty()) std::this_thread::yield();
    client_->cancellation().Cancel();
  });
  EXPECT_THAT(Watch(), StatusIs(absl::StatusCode::kCancelled));
  canceller.join();
}

}  // namespace
}  // namespace winnow::client
