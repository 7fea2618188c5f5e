// What every store must do with jobs: create, replay, list, count, delete.
#include "absl/strings/str_cat.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::JobState;
using test::StatusIs;
using testing::ElementsAre;
namespace reason = domain::reason;

class JobConformanceTest : public StoreTest {
 protected:
  static std::vector<std::string> Ids(const Page<domain::Job>& page) {
    std::vector<std::string> ids;
    for (const domain::Job& job : page.items) ids.push_back(job.name.job);
    return ids;
  }
  std::vector<std::string> Filtered(const std::string& text) {
    const auto filter = domain::ParseFilter(text, domain::FilterTarget::kJobs);
    EXPECT_OK(filter);
    const auto page = store().ListJobs("t", *filter, {});
    EXPECT_OK(page);
    return Ids(*page);
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, JobConformanceTest, testing::ValuesIn(AllStores()), StoreName);

TEST_P(JobConformanceTest, CreatedJobIsPendingAndKeepsEveryFieldOverAReopen) {
  MakeDataset();
  NewJob job = JobOn("j");
  job.config.labels = {{"team", "ads \"x\""}, {"run", "7"}};
  job.config.priority = -3;
  job.config.threads = 2;
  job.config.memory_limit_bytes = int64_t{5} << 30;
  job.config.memory_estimate_bytes = int64_t{4} << 30;
  job.config.wall_clock_limit = absl::Minutes(90);
  ASSERT_OK_AND_ASSIGN(const Created<domain::Job> created, store().CreateJob(job, {}));
  EXPECT_FALSE(created.replayed);
  Reopen();
  ASSERT_OK_AND_ASSIGN(const domain::Job read, store().GetJob(Job("j")));
  EXPECT_EQ(read.name, job.name);
  EXPECT_EQ(read.state, JobState::kPending);
  EXPECT_EQ(read.config.spec, job.config.spec);
  EXPECT_EQ(read.config.plan, job.config.plan);
  EXPECT_EQ(read.config.plan_version, 7);
  EXPECT_EQ(read.config.task, "feature_selection");
  EXPECT_EQ(read.config.selector, "random");
  EXPECT_EQ(read.config.dataset, "d");
  EXPECT_EQ(read.config.dataset_sha256, kTableSha);
  EXPECT_EQ(read.config.labels, job.config.labels);
  EXPECT_EQ(read.config.priority, -3);
  EXPECT_EQ(read.config.threads, 2);
  EXPECT_EQ(read.config.memory_limit_bytes, int64_t{5} << 30);
  EXPECT_EQ(read.config.memory_estimate_bytes, int64_t{4} << 30);
  EXPECT_EQ(read.config.wall_clock_limit, absl::Minutes(90));
  EXPECT_EQ(read.attempt, 0);
  EXPECT_EQ(read.last_sequence, 1);
  EXPECT_EQ(read.create_time, clock_.Now());
  EXPECT_FALSE(read.start_time.has_value());
  EXPECT_FALSE(read.end_time.has_value());
  EXPECT_FALSE(read.error.has_value());
  EXPECT_EQ(States(Job("j")), "PENDING");
}

TEST_P(JobConformanceTest, NoWallClockLimitStaysNone) {
  EXPECT_EQ(MakeJob().config.wall_clock_limit, absl::InfiniteDuration());
  EXPECT_EQ(store().GetJob(Job("j"))->config.wall_clock_limit, absl::InfiniteDuration());
}

TEST_P(JobConformanceTest, SameRequestIsAnsweredWithTheSameJobAsItIsNow) {
  MakeDataset();
  const RequestKey key{kRequestA, "body1"};
  ASSERT_OK(store().CreateJob(JobOn("j"), key));
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  Reopen();
  // A retry may have been given another generated id; the first one counts.
  ASSERT_OK_AND_ASSIGN(const Created<domain::Job> again, store().CreateJob(JobOn("j2"), key));
  EXPECT_TRUE(again.replayed);
  EXPECT_EQ(again.resource.name, Job("j"));
  EXPECT_EQ(again.resource.state, JobState::kRunning);
  EXPECT_THAT(store().GetJob(Job("j2")), HasReason(reason::kJobNotFound));
  EXPECT_EQ(store().FindJobByRequest("t", key)->name, Job("j"));
  EXPECT_EQ(Log(Job("j")).size(), 3u);
}

TEST_P(JobConformanceTest, SameRequestWithAnotherBodyIsRefused) {
  MakeDataset();
  ASSERT_OK(store().CreateJob(JobOn("j"), {kRequestA, "body1"}));
  const absl::Status reused = store().CreateJob(JobOn("k"), {kRequestA, "body2"}).status();
  EXPECT_THAT(reused, StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(reused, HasReason(reason::kRequestIdReused));
  EXPECT_THAT(store().FindJobByRequest("t", {kRequestA, "body2"}),
              HasReason(reason::kRequestIdReused));
  EXPECT_THAT(store().FindJobByRequest("t", {kRequestB, "body1"}), HasReason(reason::kJobNotFound));
  EXPECT_THAT(store().FindJobByRequest("u", {kRequestA, "body1"}), HasReason(reason::kJobNotFound));
}

TEST_P(JobConformanceTest, ARefusedCreateLeavesNothingBehind) {
  MakeJob("j");
  const absl::Status taken = store().CreateJob(JobOn("j"), {kRequestA, "body"}).status();
  EXPECT_THAT(taken, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(taken, HasReason(reason::kJobExists));
  EXPECT_THAT(store().CreateJob(JobOn("k", "none"), {kRequestA, "body"}),
              HasReason(reason::kDatasetNotFound));
  // The request id was not used up by the refusals.
  ASSERT_OK_AND_ASSIGN(const Created<domain::Job> created,
                       store().CreateJob(JobOn("k"), {kRequestA, "body"}));
  EXPECT_FALSE(created.replayed);
}

TEST_P(JobConformanceTest, TheDatasetMustBeActiveAndTheOneThatWasPlannedFor) {
  ASSERT_OK(store().CreateDataset(UploadOf("up"), {}));
  EXPECT_THAT(store().CreateJob(JobOn("j", "up"), {}), HasReason(reason::kDatasetNotReady));
  MakeDataset();
  NewJob job = JobOn("j");
  job.config.dataset_sha256 = std::string(64, 'b');
  EXPECT_THAT(store().CreateJob(job, {}), HasReason(reason::kDatasetGone));
  EXPECT_THAT(store().GetJob(Job("j")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(JobConformanceTest, TenantsDoNotSeeEachOther) {
  MakeJob("j");
  EXPECT_THAT(store().GetJob({"u", "j"}), HasReason(reason::kJobNotFound));
  EXPECT_TRUE(store().ListJobs("u", {}, {})->items.empty());
  NewJob other = JobOn("j");
  other.name.tenant = "u";
  EXPECT_THAT(store().CreateJob(other, {}), HasReason(reason::kDatasetNotFound));
}

TEST_P(JobConformanceTest, ListIsNewestFirstAndPagesWithoutGapWhileJobsComeAndGo) {
  for (int i = 1; i <= 7; ++i) MakeJob(absl::StrCat("j", i));
  PageRequest request;
  request.page_size = 3;
  ASSERT_OK_AND_ASSIGN(const Page<domain::Job> first, store().ListJobs("t", {}, request));
  EXPECT_THAT(Ids(first), ElementsAre("j7", "j6", "j5"));
  MakeJob("late");
  ASSERT_OK(store().RequestCancel(Job("j4")));
  ASSERT_OK(store().DeleteJob(Job("j4")));
  request.page_token = first.next_page_token;
  ASSERT_OK_AND_ASSIGN(const Page<domain::Job> second, store().ListJobs("t", {}, request));
  EXPECT_THAT(Ids(second), ElementsAre("j3", "j2", "j1"));
  EXPECT_EQ(second.next_page_token, "");
}

TEST_P(JobConformanceTest, PageArgumentsAreChecked) {
  for (int i = 1; i <= 3; ++i) MakeJob(absl::StrCat("j", i));
  EXPECT_THAT(store().ListJobs("t", {}, {-1, ""}), HasReason(reason::kInvalidFields));
  EXPECT_THAT(store().ListJobs("t", {}, {1, "rubbish"}), HasReason(reason::kInvalidPageToken));
  EXPECT_THAT(store().ListJobs("t", {}, {1 << 30, ""}), test::IsOk());
  const std::string token = store().ListJobs("t", {}, {1, ""})->next_page_token;
  EXPECT_THAT(store().ListJobs("u", {}, {1, token}), HasReason(reason::kInvalidPageToken));
  const auto filter = domain::ParseFilter("state=PENDING", domain::FilterTarget::kJobs);
  EXPECT_THAT(store().ListJobs("t", *filter, {1, token}), HasReason(reason::kInvalidPageToken));
  EXPECT_THAT(store().ListDatasets("t", {}, {1, token}), HasReason(reason::kInvalidPageToken));
}

TEST_P(JobConformanceTest, FiltersSelectByEveryField) {
  MakeDataset();
  NewJob a = JobOn("a");
  a.config.labels = {{"team", "ads"}};
  NewJob b = JobOn("b");
  b.config.selector = "omp";
  b.config.labels = {{"team", "o'hara"}};
  NewJob c = JobOn("c");
  c.config.task = "block_pruning";
  ASSERT_OK(store().CreateJob(a, {}));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(store().CreateJob(b, {}));
  clock_.Advance(absl::Hours(1));
  ASSERT_OK(store().CreateJob(c, {}));
  ASSERT_OK(store().ClaimForAttempt(Job("b")));

  EXPECT_THAT(Filtered(""), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Filtered("state=STATE_RUNNING"), ElementsAre("b"));
  EXPECT_THAT(Filtered("state!=RUNNING"), ElementsAre("c", "a"));
  EXPECT_THAT(Filtered("selector=omp"), ElementsAre("b"));
  EXPECT_THAT(Filtered("task!=feature_selection"), ElementsAre("c"));
  EXPECT_THAT(Filtered("dataset=d AND selector=random"), ElementsAre("c", "a"));
  EXPECT_THAT(Filtered("labels.team=ads"), ElementsAre("a"));
  EXPECT_THAT(Filtered("labels.team=\"o'hara\""), ElementsAre("b"));
  EXPECT_THAT(Filtered("labels.team!=ads"), ElementsAre("c", "b"));
  EXPECT_THAT(Filtered("labels.team=\"\""), ElementsAre("c"));
  EXPECT_THAT(Filtered("labels.team=\"' OR 1=1 --\""), ElementsAre());
  const std::string middle = absl::FormatTime(
      absl::RFC3339_sec, store().GetJob(Job("b"))->create_time, absl::UTCTimeZone());
  EXPECT_THAT(Filtered("create_time<" + middle), ElementsAre("a"));
  EXPECT_THAT(Filtered("create_time>" + middle), ElementsAre("c"));
  EXPECT_THAT(Filtered("create_time=" + middle), ElementsAre("b"));
}

TEST_P(JobConformanceTest, CountsAndPendingListFollowTheStates) {
  MakeRunningJob("j1");
  MakeJob("j2");
  MakeJob("j3");
  EXPECT_EQ(*store().CountJobs("t"),
            (std::map<JobState, int64_t>{{JobState::kPending, 2}, {JobState::kRunning, 1}}));
  EXPECT_EQ(*store().CountJobs(""), *store().CountJobs("t"));
  EXPECT_TRUE(store().CountJobs("u")->empty());
  std::vector<std::string> pending;
  ASSERT_OK_AND_ASSIGN(const std::vector<domain::Job> jobs, store().ListPendingJobs());
  for (const domain::Job& job : jobs) pending.push_back(job.name.job);
  EXPECT_THAT(pending, ElementsAre("j2", "j3"));
}

TEST_P(JobConformanceTest, AParentMustHaveSucceededAndStaysWhileAChildNeedsIt) {
  MakeDataset();
  NewJob child = JobOn("child");
  child.config.parent_job = "parent";
  EXPECT_THAT(store().CreateJob(child, {}), HasReason(reason::kJobNotFound));
  ASSERT_OK(store().CreateJob(JobOn("parent"), {}));
  EXPECT_THAT(store().CreateJob(child, {}), HasReason(reason::kParentNotReady));
  ASSERT_OK(store().ClaimForAttempt(Job("parent")));
  ASSERT_OK(store().FinishAttempt(Job("parent"), 1, End(domain::AttemptOutcome::kSucceeded)));
  ASSERT_OK(store().CreateJob(child, {}));
  Reopen();
  EXPECT_EQ(store().GetJob(Job("child"))->config.parent_job, "parent");
  EXPECT_THAT(store().DeleteJob(Job("parent")), HasReason(reason::kJobInUse));
  ASSERT_OK(store().ClaimForAttempt(Job("child")));
  EXPECT_THAT(store().DeleteJob(Job("parent")), HasReason(reason::kJobInUse));
  ASSERT_OK(store().FinishAttempt(Job("child"), 1, End(domain::AttemptOutcome::kSucceeded)));
  ASSERT_OK(store().DeleteJob(Job("parent")));
  EXPECT_EQ(store().GetJob(Job("child"))->config.parent_job, "parent");
}

TEST_P(JobConformanceTest, OnlyTerminalJobsAreDeletedAndTheyTakeEverythingWithThem) {
  MakeDataset();
  const RequestKey key{kRequestA, "body"};
  ASSERT_OK(store().CreateJob(JobOn("j"), key));
  EXPECT_THAT(store().DeleteJob(Job("j")), HasReason(reason::kJobNotTerminal));
  ASSERT_OK(store().ClaimForAttempt(Job("j")));
  EXPECT_THAT(store().DeleteJob(Job("j")), HasReason(reason::kJobNotTerminal));
  ASSERT_OK(store().FinishAttempt(Job("j"), 1, End(domain::AttemptOutcome::kSucceeded)));
  ASSERT_OK(store().DeleteJob(Job("j")));
  EXPECT_THAT(store().GetJob(Job("j")), HasReason(reason::kJobNotFound));
  EXPECT_THAT(store().DeleteJob(Job("j")), HasReason(reason::kJobNotFound));
  EXPECT_THAT(store().ReadEvents(Job("j"), 0, {}), HasReason(reason::kJobNotFound));
  // A new job of the same name starts from nothing.
  ASSERT_OK_AND_ASSIGN(const Created<domain::Job> fresh, store().CreateJob(JobOn("j"), key));
  EXPECT_FALSE(fresh.replayed);
  EXPECT_EQ(fresh.resource.attempt, 0);
  EXPECT_EQ(Log(Job("j")).size(), 1u);
}

TEST_P(JobConformanceTest, RequestIdsGoOneDayAfterTheJobIsOver) {
  MakeDataset();
  const RequestKey key{kRequestA, "body"};
  ASSERT_OK(store().CreateJob(JobOn("j"), key));
  ASSERT_OK(store().CreateJob(JobOn("k"), {kRequestB, "body"}));
  clock_.Advance(absl::Hours(100));
  EXPECT_EQ(*store().PurgeRequests(), 0);  // a pending job keeps its id for ever
  ASSERT_OK(store().RequestCancel(Job("j")));
  clock_.Advance(absl::Hours(23));
  EXPECT_EQ(*store().PurgeRequests(), 0);
  clock_.Advance(absl::Hours(2));
  EXPECT_EQ(*store().PurgeRequests(), 1);
  EXPECT_THAT(store().FindJobByRequest("t", key), HasReason(reason::kJobNotFound));
  EXPECT_OK(store().FindJobByRequest("t", {kRequestB, "body"}));
}

}  // namespace
}  // namespace winnow::store
