// The scenario of a job's life with its n-th disk write failing, for n = 1, 2, … until none is left
// to fail. What was acknowledged must be there afterwards, what was refused must not, and the file
// must be sound.
#include <sqlite3.h>

#include <functional>

#include "absl/strings/str_cat.h"
#include "server/store/open_sqlite.h"
#include "tests/unit/server/store/fault_vfs_testing.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::JobState;

constexpr int kRounds = 2;

// What the caller was told.
struct Acknowledged {
  int jobs = 0;
  int64_t last_sequence[kRounds] = {};
  bool finished[kRounds] = {};
};

class StoreFaultsTest : public testing::Test {
 protected:
  void TearDown() override { FaultVfs::FailNth(0, SQLITE_OK, false); }

  static domain::JobName Job(int round) { return {"t", absl::StrCat("j", round)}; }

  static NewJob JobOn(int round) {
    NewJob job;
    job.name = Job(round);
    job.config.spec = std::string(2000, 's');
    return job;
  }

  // Each step is tried twice: a caller retries what was refused.
  static absl::Status Twice(const std::function<absl::Status()>& step) {
    const absl::Status first = step();
    return first.ok() ? first : step();
  }

  Acknowledged Live(Store& store) {
    Acknowledged acknowledged;
    for (int round = 0; round < kRounds; ++round) {
      const domain::JobName name = Job(round);
      const RequestKey key{absl::StrCat("request", round), "body"};
      if (!Twice([&] { return store.CreateJob(JobOn(round), key).status(); }).ok()) break;
      ++acknowledged.jobs;
      acknowledged.last_sequence[round] = 1;
      if (!Twice([&] { return store.ClaimForAttempt(name).status(); }).ok()) continue;
      for (int64_t n = 1; n <= 3; ++n) {
        absl::StatusOr<AppendResult> result;
        const absl::Status status = Twice([&] {
          result = store.AppendEvents(name, 1, {{n, std::string(3000, 'e')}});
          return result.status();
        });
        if (!status.ok()) break;
        acknowledged.last_sequence[round] = result->last_sequence;
      }
      domain::AttemptEnd end;
      end.outcome = domain::AttemptOutcome::kSucceeded;
      acknowledged.finished[round] =
          Twice([&] { return store.FinishAttempt(name, 1, end).status(); }).ok();
    }
    return acknowledged;
  }

  void Verify(const std::string& path, const Acknowledged& acknowledged) {
    // Opening runs quick_check.
    ASSERT_OK_AND_ASSIGN(const auto store, OpenSqliteStoreOnVfs(path, &clock_, FaultVfs::Name()));
    ASSERT_OK_AND_ASSIGN(const Page<domain::Job> jobs, store->ListJobs("t", {}, {}));
    ASSERT_GE(static_cast<int>(jobs.items.size()), acknowledged.jobs);
    for (int round = 0; round < acknowledged.jobs; ++round) {
      ASSERT_OK_AND_ASSIGN(const domain::Job job, store->GetJob(Job(round)));
      EXPECT_EQ(job.config.spec.size(), 2000u);
      EXPECT_GE(job.last_sequence, acknowledged.last_sequence[round]);
      EXPECT_TRUE(!acknowledged.finished[round] || job.state == JobState::kSucceeded);
      ASSERT_OK_AND_ASSIGN(const EventPage page,
                           store->ReadEvents(Job(round), 0, {1000, int64_t{1} << 30}));
      ASSERT_EQ(static_cast<int64_t>(page.events.size()), job.last_sequence);
      for (size_t i = 0; i < page.events.size(); ++i) {
        EXPECT_EQ(page.events[i].sequence, static_cast<int64_t>(i) + 1);
      }
      // The request id went with the job.
      EXPECT_OK(store->FindJobByRequest("t", {absl::StrCat("request", round), "body"}));
    }
  }

  // Returns how many writes were made to fail.
  int RunLoop(int error, bool forever) {
    for (int n = 1;; ++n) {
      const test::TempDir dir;
      const std::string path = dir.File("winnow.db");
      Acknowledged acknowledged;
      {
        auto store = OpenSqliteStoreOnVfs(path, &clock_, FaultVfs::Name());
        EXPECT_OK(store);
        FaultVfs::FailNth(n, error, forever);
        acknowledged = Live(**store);
      }
      const bool failed = FaultVfs::HasFailed();
      FaultVfs::FailNth(0, SQLITE_OK, false);
      Verify(path, acknowledged);
      EXPECT_FALSE(HasFailure()) << "with write " << n << " failing";
      if (HasFailure() || !failed) return n - 1;
      EXPECT_TRUE(forever || acknowledged.jobs == kRounds) << "a retry after write " << n;
    }
  }

  server::FakeClock clock_;
};

TEST_F(StoreFaultsTest, ADiskThatIsFullOnceLosesNothingAndARetrySucceeds) {
  EXPECT_GT(RunLoop(SQLITE_FULL, /*forever=*/false), 20);
}

TEST_F(StoreFaultsTest, ADiskThatStaysFullKeepsWhatWasAcknowledged) {
  EXPECT_GT(RunLoop(SQLITE_FULL, /*forever=*/true), 20);
}

TEST_F(StoreFaultsTest, AnInputOutputErrorKeepsWhatWasAcknowledged) {
  EXPECT_GT(RunLoop(SQLITE_IOERR_WRITE, /*forever=*/false), 20);
}

TEST_F(StoreFaultsTest, AFullDiskIsNamedAsSuch) {
  const test::TempDir dir;
  ASSERT_OK_AND_ASSIGN(auto store,
                       OpenSqliteStoreOnVfs(dir.File("winnow.db"), &clock_, FaultVfs::Name()));
  FaultVfs::FailNth(1, SQLITE_FULL, true);
  const absl::Status status = store->CreateJob(JobOn(0), {}).status();
  EXPECT_THAT(status, test::StatusIs(absl::StatusCode::kResourceExhausted));
  EXPECT_THAT(status, HasReason(domain::reason::kDiskLow));
}

}  // namespace
}  // namespace winnow::store
