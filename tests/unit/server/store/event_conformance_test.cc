// What every store must do with event logs: order, ordinals, pages, notifications.
#include <atomic>
#include <thread>

#include "absl/strings/str_cat.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::AttemptOutcome;
using test::StatusIs;
using testing::ElementsAre;
namespace reason = domain::reason;

class EventConformanceTest : public StoreTest {
 protected:
  // The workers' payloads in the log.
  std::vector<std::string> Payloads() {
    std::vector<std::string> payloads;
    for (const domain::JobEvent& event : Log(Job("j"))) {
      if (event.kind == domain::EventKind::kWorker) payloads.push_back(event.payload);
    }
    return payloads;
  }
  void RestartAttempt(int32_t attempt) {
    ASSERT_OK(store().FinishAttempt(Job("j"), attempt, End(AttemptOutcome::kCrashed)));
    ASSERT_OK(store().ClaimForAttempt(Job("j")));
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, EventConformanceTest, testing::ValuesIn(AllStores()), StoreName);

TEST_P(EventConformanceTest, AppendsInOrderWithTimeAndAttempt) {
  MakeRunningJob();
  clock_.Advance(absl::Seconds(3));
  const std::string binary("\0\xff payload", 10);
  ASSERT_OK_AND_ASSIGN(
      const AppendResult result,
      store().AppendEvents(Job("j"), 1, {Event(1, "a"), Event({}, binary), Event(2, "")}));
  EXPECT_EQ(result.stored, 3);
  EXPECT_EQ(result.ignored, 0);
  EXPECT_EQ(result.last_sequence, 6);
  Reopen();
  const std::vector<domain::JobEvent> log = Log(Job("j"));
  ASSERT_EQ(log.size(), 6u);
  EXPECT_EQ(log[3].ordinal, 1);
  EXPECT_EQ(log[3].attempt, 1);
  EXPECT_EQ(log[3].time, clock_.Now());
  EXPECT_FALSE(log[4].ordinal.has_value());
  EXPECT_EQ(log[4].payload, binary);
  EXPECT_EQ(log[5].payload, "");
  EXPECT_EQ(store().GetJob(Job("j"))->last_sequence, 6);
}

TEST_P(EventConformanceTest, AResumedAttemptRepeatsNothing) {
  MakeRunningJob();
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a"), Event(2, "b"), Event(3, "c")}));
  RestartAttempt(1);
  ASSERT_OK_AND_ASSIGN(
      const AppendResult result,
      store().AppendEvents(Job("j"), 2, {Event(2, "b"), Event(3, "c"), Event(4, "d")}));
  EXPECT_EQ(result.ignored, 2);
  EXPECT_EQ(result.stored, 1);
  EXPECT_THAT(Payloads(), ElementsAre("a", "b", "c", "d"));
  EXPECT_EQ(Log(Job("j")).back().attempt, 2);
}

TEST_P(EventConformanceTest, AKnownOrdinalWithOtherBytesStoresNothingOfTheCall) {
  MakeRunningJob();
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a"), Event(2, "b")}));
  RestartAttempt(1);
  const absl::Status status =
      store().AppendEvents(Job("j"), 2, {Event({}, "note"), Event(2, "B"), Event(3, "c")}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal,
                               testing::HasSubstr("event 2 of attempt 2 differs from the one that "
                                                  "attempt 1 reported")));
  EXPECT_THAT(status, HasReason(reason::kEventMismatch));
  EXPECT_THAT(Payloads(), ElementsAre("a", "b"));
  EXPECT_OK(store().AppendEvents(Job("j"), 2, {Event(2, "b"), Event(3, "c")}));
}

TEST_P(EventConformanceTest, AnOrdinalMayNotBeSkipped) {
  MakeRunningJob();
  EXPECT_THAT(store().AppendEvents(Job("j"), 1, {Event(2, "b")}),
              StatusIs(absl::StatusCode::kInternal, testing::HasSubstr("2 came when 1")));
  EXPECT_THAT(store().AppendEvents(Job("j"), 1, {Event(0, "b")}),
              HasReason(reason::kEventMismatch));
  EXPECT_THAT(store().AppendEvents(Job("j"), 1, {Event(1, "a"), Event(3, "c")}),
              HasReason(reason::kEventMismatch));
  EXPECT_TRUE(Payloads().empty());
}

TEST_P(EventConformanceTest, EventsDoNotChangeTheEtag) {
  const int64_t revision = MakeRunningJob().revision;
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a")}));
  EXPECT_EQ(store().GetJob(Job("j"))->revision, revision);
}

TEST_P(EventConformanceTest, PagesAreLimitedByCountAndBytesButNeverEmpty) {
  MakeRunningJob();
  std::vector<domain::WorkerEvent> events;
  for (int i = 1; i <= 10; ++i) events.push_back(Event(i, std::string(100, 'x')));
  ASSERT_OK(store().AppendEvents(Job("j"), 1, events));
  EXPECT_EQ(store().ReadEvents(Job("j"), 3, {4, 1 << 20})->events.size(), 4u);
  EXPECT_EQ(store().ReadEvents(Job("j"), 3, {100, 250})->events.size(), 2u);
  EXPECT_EQ(store().ReadEvents(Job("j"), 3, {100, 1})->events.size(), 1u);
  ASSERT_OK_AND_ASSIGN(const EventPage page, store().ReadEvents(Job("j"), 13, {}));
  EXPECT_TRUE(page.events.empty());
  EXPECT_EQ(page.last_sequence, 13);
  EXPECT_EQ(page.state, domain::JobState::kRunning);
}

TEST_P(EventConformanceTest, AFutureSequenceIsRefusedInsteadOfAwaited) {
  MakeJob();
  const absl::Status status = store().ReadEvents(Job("j"), 2, {}).status();
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_THAT(status, HasReason(reason::kSequenceAhead));
  EXPECT_EQ(domain::FromStatus(status).metadata.at("lastSequence"), "1");
  EXPECT_THAT(store().ReadEvents(Job("j"), -1, {}), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_P(EventConformanceTest, EveryChangeOfAJobWakesItsSubscribersAfterTheCommit) {
  MakeJob();
  MakeJob("other");
  int64_t seen = 0;
  int calls = 0;
  auto subscription = store().notifier().Subscribe(Job("j").ToString(), [&] {
    ++calls;
    seen = store().ReadEvents(Job("j"), 0, {})->last_sequence;  // the store is not locked
  });
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  EXPECT_EQ(seen, 3);
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(1, "a")}));
  EXPECT_EQ(seen, 4);
  const int before = calls;
  ASSERT_OK(store().ClaimForAttempt(Job("other")));
  EXPECT_EQ(calls, before);
  subscription.Cancel();
  ASSERT_OK(store().AppendEvents(Job("j"), 1, {Event(2, "b")}));
  EXPECT_EQ(calls, before);
}

TEST_P(EventConformanceTest, ManyWritersShareCommitsAndLoseNothing) {
  constexpr int kWriters = 8;
  constexpr int kRounds = 40;
  for (int w = 0; w < kWriters; ++w) MakeRunningJob(absl::StrCat("j", w));
  std::atomic<int> failures{0};
  std::vector<std::thread> writers;
  for (int w = 0; w < kWriters; ++w) {
    writers.emplace_back([&, w] {
      const domain::JobName name = Job(absl::StrCat("j", w));
      for (int i = 1; i <= kRounds; ++i) {
        if (!store().AppendEvents(name, 1, {Event(i, absl::StrCat(w, ":", i))}).ok()) ++failures;
        // A refused write in the same commit must not touch its neighbours.
        if (store().AppendEvents(name, 9, {Event(i + 1, "stale")}).ok()) ++failures;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failures, 0);
  Reopen();
  for (int w = 0; w < kWriters; ++w) {
    const std::vector<domain::JobEvent> log = Log(Job(absl::StrCat("j", w)));
    ASSERT_EQ(log.size(), 3u + kRounds);
    for (int i = 1; i <= kRounds; ++i) EXPECT_EQ(log[2 + i].payload, absl::StrCat(w, ":", i));
  }
}

}  // namespace
}  // namespace winnow::store
