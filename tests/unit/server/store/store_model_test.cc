// Random commands, legal and illegal, against a small model of one tenant's jobs. The model knows
// the rules of the contract and nothing of SQL; store and model must agree after every command.
#include <algorithm>
#include <iterator>
#include <random>

#include "absl/strings/str_cat.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::AttemptOutcome;
using domain::JobState;
using enum domain::JobState;

struct ModelJob {
  JobState state = kPending;
  bool stop = false;
  bool pause = false;
  int32_t attempt = 0;
  int32_t crashes = 0;
  int64_t events = 1;
  int64_t ordinal = 0;
};

bool Owned(const ModelJob& job) { return job.state == kRunning || job.state == kCancelling; }
bool Over(const ModelJob& job) {
  return job.state == kSucceeded || job.state == kFailed || job.state == kCancelled;
}

void GoTo(ModelJob& job, JobState state) {
  job.state = state;
  ++job.events;
  if (state == kPaused || Over(job)) job.pause = false;
}

// The model's answer to the end of an attempt.
void EndOf(ModelJob& job, AttemptOutcome outcome) {
  if (outcome == AttemptOutcome::kSucceeded) return GoTo(job, kSucceeded);
  if (outcome == AttemptOutcome::kFailed) return GoTo(job, kFailed);
  if (job.state == kCancelling) return GoTo(job, kCancelled);
  const bool crash = outcome == AttemptOutcome::kCrashed || outcome == AttemptOutcome::kCancelled;
  if (crash && ++job.crashes == 3) return GoTo(job, kFailed);
  GoTo(job, job.pause ? kPaused : kPending);
}

class StoreModelTest : public StoreTest {
 protected:
  int Random(int bound) { return static_cast<int>(random_() % static_cast<unsigned>(bound)); }

  // Runs one command on both; returns what it was.
  std::string Step() {
    const std::string id = absl::StrCat("j", Random(4));
    const domain::JobName name = Job(id);
    const auto found = model_.find(id);
    ModelJob* job = found == model_.end() ? nullptr : &found->second;
    // Mostly the attempt that runs, sometimes a stale or future one.
    const int32_t attempt =
        (job == nullptr ? 0 : job->attempt) + (Random(6) == 0 ? Random(3) - 1 : 0);
    const bool fenced_in = job != nullptr && Owned(*job) && attempt == job->attempt;
    clock_.Advance(absl::Milliseconds(Random(1000)));
    switch (Random(12)) {
      case 0: {
        const bool ok = store().CreateJob(JobOn(id), {}).ok();
        EXPECT_EQ(ok, job == nullptr);
        if (ok) model_[id] = ModelJob();
        return "create " + id;
      }
      case 1: {
        EXPECT_EQ(store().DeleteJob(name).ok(), job != nullptr && Over(*job));
        if (job != nullptr && Over(*job)) model_.erase(id);
        return "delete " + id;
      }
      case 2: {
        EXPECT_EQ(store().RequestCancel(name).ok(), job != nullptr);
        if (job == nullptr) return "cancel " + id;
        if (job->state == kPending || job->state == kPaused) {
          GoTo(*job, kCancelling);
          GoTo(*job, kCancelled);
        } else if (job->state == kRunning) {
          GoTo(*job, kCancelling);
        }
        return "cancel " + id;
      }
      case 3: {
        const bool legal = job != nullptr && job->state == kRunning;
        EXPECT_EQ(store().RequestStop(name).ok(), legal);
        if (legal) job->stop = true;
        return "stop " + id;
      }
      case 4: {
        const bool legal = job != nullptr && (job->state == kRunning || job->state == kPaused);
        EXPECT_EQ(store().RequestPause(name).ok(), legal);
        if (legal && job->state == kRunning) job->pause = true;
        return "pause " + id;
      }
      case 5: {
        const bool paused = job != nullptr && job->state == kPaused;
        const bool takes_back = job != nullptr && job->state == kRunning && job->pause;
        EXPECT_EQ(store().ResumeJob(name).ok(), paused || takes_back);
        if (paused) GoTo(*job, kPending);
        if (takes_back) job->pause = false;
        return "resume " + id;
      }
      case 6:
      case 7: {
        const bool legal = job != nullptr && job->state == kPending;
        EXPECT_EQ(store().ClaimForAttempt(name).ok(), legal);
        if (legal) {
          ++job->attempt;
          GoTo(*job, kRunning);
          ++job->events;
        }
        return "claim " + id;
      }
      case 8: {
        // From a known ordinal on, as a resumed attempt does; the payload is a function of the
        // ordinal.
        const int64_t first = std::max<int64_t>(1, (job == nullptr ? 0 : job->ordinal) - Random(3));
        std::vector<domain::WorkerEvent> events;
        for (int64_t n = first; n < first + 4; ++n)
          events.push_back(Event(n, absl::StrCat("e", n)));
        events.push_back(Event({}, "note"));
        EXPECT_EQ(store().AppendEvents(name, attempt, events).ok(), fenced_in);
        if (fenced_in) {
          const int64_t last = std::max(job->ordinal, first + 3);
          job->events += last - job->ordinal + 1;
          job->ordinal = last;
        }
        return absl::StrCat("events ", id, "/", attempt);
      }
      case 9: {
        domain::Checkpoint checkpoint;
        checkpoint.path = absl::StrCat("attempt-", attempt, "/c");
        checkpoint.ordinal = (job == nullptr ? 0 : job->ordinal) + (Random(4) == 0 ? 1 : 0);
        const bool legal = fenced_in && checkpoint.ordinal <= job->ordinal;
        EXPECT_EQ(store().AddCheckpoint(name, attempt, checkpoint).ok(), legal);
        if (legal) job->crashes = 0;
        return absl::StrCat("checkpoint ", id, "/", attempt);
      }
      case 10: {
        constexpr AttemptOutcome kOutcomes[] = {
            AttemptOutcome::kSucceeded, AttemptOutcome::kFailed,  AttemptOutcome::kYielded,
            AttemptOutcome::kCrashed,   AttemptOutcome::kCrashed, AttemptOutcome::kInterrupted,
            AttemptOutcome::kCancelled};
        const AttemptOutcome outcome = kOutcomes[Random(std::size(kOutcomes))];
        EXPECT_EQ(store().FinishAttempt(name, attempt, End(outcome)).ok(), fenced_in);
        if (fenced_in) EndOf(*job, outcome);
        return absl::StrCat("end ", id, "/", attempt, " ", domain::AttemptOutcomeName(outcome));
      }
      default: {
        if (Random(4) != 0) return "nothing";
        Reopen();
        EXPECT_OK(store().Recover());
        for (auto& [other, running] : model_) {
          if (Owned(running)) EndOf(running, AttemptOutcome::kCrashed);
        }
        return "die";
      }
    }
  }

  void Compare() {
    for (const auto& [id, job] : model_) {
      ASSERT_OK_AND_ASSIGN(const domain::Job stored, store().GetJob(Job(id)));
      EXPECT_STREQ(domain::JobStateName(stored.state), domain::JobStateName(job.state)) << id;
      EXPECT_EQ(stored.stop_requested, job.stop) << id;
      EXPECT_EQ(stored.pause_requested, job.pause) << id;
      EXPECT_EQ(stored.attempt, job.attempt) << id;
      EXPECT_EQ(stored.crashes, job.crashes) << id;
      EXPECT_EQ(stored.last_sequence, job.events) << id;
      EXPECT_EQ(stored.error.has_value(), job.state == kFailed || job.state == kCancelled) << id;
      EXPECT_EQ(stored.end_time.has_value(), Over(job)) << id;
    }
    EXPECT_EQ(store().ListJobs("t", {}, {})->items.size(), model_.size());
  }

  // What must hold of every log, whatever was done.
  void CheckLogs() {
    for (const auto& [id, job] : model_) {
      int32_t attempt = 0;
      int64_t ordinal = 0;
      JobState state = kPending;
      for (const domain::JobEvent& event : Log(Job(id))) {
        EXPECT_GE(event.attempt, attempt) << "the attempt fell";
        attempt = event.attempt;
        EXPECT_EQ(event.ordinal.value_or(ordinal + 1), ordinal + 1);
        if (event.ordinal.has_value()) ++ordinal;
        if (!event.state_change.has_value()) continue;
        EXPECT_FALSE(domain::IsTerminal(state)) << "an event after the end";
        if (event.sequence > 1) {
          EXPECT_EQ(event.state_change->from, state);
          EXPECT_TRUE(domain::CanTransition(state, event.state_change->to));
        }
        state = event.state_change->to;
      }
      EXPECT_EQ(state, job.state);
    }
  }

  std::mt19937 random_;
  std::map<std::string, ModelJob> model_;
};
INSTANTIATE_TEST_SUITE_P(Stores, StoreModelTest, testing::ValuesIn(AllStores()), StoreName);

TEST_P(StoreModelTest, AgreesWithTheModelAfterEveryCommand) {
  MakeDataset();
  for (unsigned seed = 1; seed <= 4; ++seed) {
    random_.seed(seed);
    std::vector<std::string> history;
    for (int i = 0; i < 250; ++i) {
      history.push_back(Step());
      Compare();
      if (!HasFailure()) continue;
      std::string tail;
      for (size_t k = history.size() < 12 ? 0 : history.size() - 12; k < history.size(); ++k) {
        absl::StrAppend(&tail, history[k], "\n");
      }
      FAIL() << "seed " << seed << ", step " << i << ", last commands:\n" << tail;
    }
    CheckLogs();
  }
}

}  // namespace
}  // namespace winnow::store
