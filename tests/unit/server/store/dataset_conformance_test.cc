// What every store must do with datasets: upload, import, list, delete.
#include "absl/strings/str_cat.h"
#include "tests/unit/server/store/store_testing.h"

namespace winnow::store {
namespace {

using domain::DatasetState;
using domain::ImportEnd;
using test::StatusIs;
using testing::ElementsAre;
namespace reason = domain::reason;

class DatasetConformanceTest : public StoreTest {
 protected:
  void Upload(const std::string& id) {
    ASSERT_OK(store().CreateDataset(UploadOf(id), {}));
    ASSERT_OK(store().CommitUpload(Data(id), 0, 10));
    ASSERT_OK(store().CompleteUpload(Data(id), 0, std::string(64, 'f')));
    ASSERT_OK(store().BeginImport(Data(id)));
  }
  static ImportEnd EndOf(ImportEnd::Outcome outcome) {
    ImportEnd end;
    end.outcome = outcome;
    if (outcome == ImportEnd::Outcome::kFailed) end.error = SomeError();
    return end;
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, DatasetConformanceTest, testing::ValuesIn(AllStores()), StoreName);

TEST_P(DatasetConformanceTest, KeepsEveryFieldOverAReopen) {
  NewDataset dataset = UploadOf("d", 1000);
  dataset.files[0].sha256 = std::string(64, '1');
  domain::DatasetFile local;
  local.file_name = "test.csv";
  local.role = "test";
  local.size_bytes = 5;
  local.local_path = "/srv/test.csv";
  dataset.files.push_back(local);
  dataset.content_sha256 = std::string(64, '2');
  ASSERT_OK(store().CreateDataset(dataset, {}));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const domain::Dataset read, store().GetDataset(Data("d")));
  EXPECT_EQ(read.state, DatasetState::kUploading);
  EXPECT_EQ(read.schema, "schema");
  EXPECT_EQ(read.labels, dataset.labels);
  EXPECT_EQ(read.content_sha256, dataset.content_sha256);
  ASSERT_EQ(read.files.size(), 2u);
  EXPECT_EQ(read.files[0].file_name, "d.csv");
  EXPECT_EQ(read.files[0].sha256, dataset.files[0].sha256);
  EXPECT_EQ(read.files[0].size_bytes, 1000);
  EXPECT_FALSE(read.files[0].complete);
  EXPECT_EQ(read.files[1].role, "test");
  EXPECT_EQ(read.files[1].local_path, "/srv/test.csv");
  EXPECT_TRUE(read.files[1].complete);
}

TEST_P(DatasetConformanceTest, CreateIsIdempotentAndRefusesTakenNames) {
  const RequestKey key{kRequestA, "body"};
  ASSERT_OK(store().CreateDataset(UploadOf("d"), key));
  EXPECT_TRUE(store().CreateDataset(UploadOf("d"), key)->replayed);
  ASSERT_OK_AND_ASSIGN(const domain::Dataset found, store().FindDatasetByRequest("t", key));
  EXPECT_EQ(found.name, Data("d"));
  EXPECT_THAT(store().FindDatasetByRequest("t", {kRequestB, "body"}),
              HasReason(domain::reason::kDatasetNotFound));
  EXPECT_THAT(store().FindDatasetByRequest("t", {kRequestA, "other"}),
              HasReason(domain::reason::kRequestIdReused));
  EXPECT_THAT(store().CreateDataset(UploadOf("d"), {kRequestA, "other"}),
              HasReason(reason::kRequestIdReused));
  EXPECT_THAT(store().CreateDataset(UploadOf("d"), {}), HasReason(reason::kDatasetExists));
  NewDataset empty = UploadOf("e");
  empty.files.clear();
  EXPECT_THAT(store().CreateDataset(empty, {}), HasReason(reason::kInvalidFields));
  // Ids of different methods do not meet.
  MakeDataset("active");
  EXPECT_OK(store().CreateJob(JobOn("j", "active"), {kRequestA, "body"}));
}

TEST_P(DatasetConformanceTest, CommittedSizeNeverFallsAndNeverExceedsTheDeclaredOne) {
  ASSERT_OK(store().CreateDataset(UploadOf("d", 10), {}));
  ASSERT_OK(store().CommitUpload(Data("d"), 0, 4));
  ASSERT_OK(store().CommitUpload(Data("d"), 0, 4));
  const absl::Status lower = store().CommitUpload(Data("d"), 0, 3);
  EXPECT_THAT(lower, StatusIs(absl::StatusCode::kOutOfRange));
  EXPECT_EQ(domain::FromStatus(lower).metadata.at("committedSizeBytes"), "4");
  EXPECT_THAT(store().CommitUpload(Data("d"), 0, 11), HasReason(reason::kWrongOffset));
  EXPECT_THAT(store().CommitUpload(Data("d"), 1, 1), HasReason(reason::kInvalidFields));
  EXPECT_THAT(store().CompleteUpload(Data("d"), 0, "x"), HasReason(reason::kWrongOffset));
  Reopen();
  EXPECT_EQ(store().GetDataset(Data("d"))->files[0].committed_size_bytes, 4);
  EXPECT_EQ(store().ListUploadingDatasets()->size(), 1u);
}

TEST_P(DatasetConformanceTest, ImportNeedsEveryFileVerified) {
  ASSERT_OK(store().CreateDataset(UploadOf("d", 10), {}));
  EXPECT_THAT(store().BeginImport(Data("d")), HasReason(reason::kUploadIncomplete));
  ASSERT_OK(store().CommitUpload(Data("d"), 0, 10));
  EXPECT_THAT(store().BeginImport(Data("d")), HasReason(reason::kUploadIncomplete));
  ASSERT_OK(store().CompleteUpload(Data("d"), 0, std::string(64, 'f')));
  ASSERT_OK(store().CompleteUpload(Data("d"), 0, std::string(64, 'f')));
  EXPECT_EQ(store().BeginImport(Data("d"))->state, DatasetState::kImporting);
  EXPECT_THAT(store().BeginImport(Data("d")), HasReason(reason::kUploadNotOpen));
  EXPECT_THAT(store().CommitUpload(Data("d"), 0, 10), HasReason(reason::kUploadNotOpen));
}

TEST_P(DatasetConformanceTest, SuccessfulImportMakesItActiveWithItsResults) {
  MakeDataset("d");
  Reopen();
  ASSERT_OK_AND_ASSIGN(const domain::Dataset read, store().GetDataset(Data("d")));
  EXPECT_EQ(read.state, DatasetState::kActive);
  EXPECT_EQ(read.profile, "profile");
  EXPECT_EQ(read.schema, "schema");
  EXPECT_EQ(read.table_sha256, kTableSha);
  EXPECT_EQ(read.table_size_bytes, 1000);
  EXPECT_EQ(read.rows, 100);
  EXPECT_EQ(read.columns, 5);
  EXPECT_EQ(read.active_time, clock_.Now());
  EXPECT_THAT(store().ClaimForImport(Data("d")), StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(store().FailDataset(Data("d"), SomeError()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_P(DatasetConformanceTest, FailedImportKeepsItsError) {
  Upload("d");
  ASSERT_OK(store().ClaimForImport(Data("d")));
  ASSERT_OK(store().FinishImport(Data("d"), 1, EndOf(ImportEnd::Outcome::kFailed)));
  Reopen();
  ASSERT_OK_AND_ASSIGN(const domain::Dataset read, store().GetDataset(Data("d")));
  EXPECT_EQ(read.state, DatasetState::kFailed);
  EXPECT_EQ(read.error->message, SomeError().message);
}

TEST_P(DatasetConformanceTest, StaleImportsAreFencedAndCrashesAreCounted) {
  Upload("d");
  EXPECT_EQ(store().ClaimForImport(Data("d"))->attempt, 1);
  EXPECT_THAT(store().ClaimForImport(Data("d")), HasReason(reason::kDatasetNotReady));
  EXPECT_EQ(store().FinishImport(Data("d"), 1, EndOf(ImportEnd::Outcome::kCrashed))->state,
            DatasetState::kImporting);
  EXPECT_THAT(store().FinishImport(Data("d"), 1, EndOf(ImportEnd::Outcome::kSucceeded)),
              HasReason(reason::kStaleAttempt));
  EXPECT_EQ(store().ClaimForImport(Data("d"))->attempt, 2);
  EXPECT_THAT(store().FinishImport(Data("d"), 1, EndOf(ImportEnd::Outcome::kSucceeded)),
              HasReason(reason::kStaleAttempt));
  EXPECT_EQ(store().FinishImport(Data("d"), 2, EndOf(ImportEnd::Outcome::kInterrupted))->crashes,
            1);
  for (int attempt = 3; attempt <= 4; ++attempt) {
    ASSERT_OK(store().ClaimForImport(Data("d")));
    ASSERT_OK(store().FinishImport(Data("d"), attempt, EndOf(ImportEnd::Outcome::kCrashed)));
  }
  EXPECT_EQ(store().GetDataset(Data("d"))->state, DatasetState::kFailed);
  EXPECT_EQ(store().GetDataset(Data("d"))->error->reason, reason::kCrashLoop);
}

TEST_P(DatasetConformanceTest, RecoveryCountsOnlyImportsThatWereRunning) {
  Upload("waiting");
  Upload("running");
  ASSERT_OK(store().ClaimForImport(Data("running")));
  Reopen();
  ASSERT_OK(store().Recover());
  EXPECT_EQ(store().GetDataset(Data("waiting"))->crashes, 0);
  EXPECT_EQ(store().GetDataset(Data("running"))->crashes, 1);
  EXPECT_EQ(store().ListImportingDatasets()->size(), 2u);
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(store().ClaimForImport(Data("running")));
    Reopen();
    ASSERT_OK(store().Recover());
  }
  EXPECT_EQ(store().GetDataset(Data("running"))->state, DatasetState::kFailed);
}

TEST_P(DatasetConformanceTest, IsNotDeletedUnderAJobThatNeedsIt) {
  MakeJob("j");
  const absl::Status used = store().DeleteDataset(Data("d"));
  EXPECT_THAT(used, HasReason(reason::kDatasetInUse));
  EXPECT_THAT(std::string(used.message()), testing::HasSubstr("used by job j"));
  ASSERT_OK(store().RequestCancel(Job("j")));
  ASSERT_OK(store().DeleteDataset(Data("d")));
  EXPECT_THAT(store().GetDataset(Data("d")), HasReason(reason::kDatasetNotFound));
  EXPECT_THAT(store().DeleteDataset(Data("d")), HasReason(reason::kDatasetNotFound));
  EXPECT_OK(store().GetJob(Job("j")));  // its result stays
}

TEST_P(DatasetConformanceTest, ListsNewestFirstWithFilterAndPages) {
  MakeDataset("a");
  ASSERT_OK(store().CreateDataset(UploadOf("b"), {}));
  MakeDataset("c");
  const auto active = domain::ParseFilter("state=ACTIVE", domain::FilterTarget::kDatasets);
  ASSERT_OK_AND_ASSIGN(const Page<domain::Dataset> first,
                       store().ListDatasets("t", *active, {1, ""}));
  ASSERT_EQ(first.items.size(), 1u);
  EXPECT_EQ(first.items[0].name.dataset, "c");
  ASSERT_OK_AND_ASSIGN(const Page<domain::Dataset> second,
                       store().ListDatasets("t", *active, {1, first.next_page_token}));
  EXPECT_EQ(second.items[0].name.dataset, "a");
  EXPECT_EQ(second.next_page_token, "");
  EXPECT_EQ(store().ListDatasets("t", {}, {})->items.size(), 3u);
}

TEST_P(DatasetConformanceTest, StoredBytesAreOpenUploadsPlusTables) {
  EXPECT_EQ(*store().StoredBytes("t"), 0);
  MakeDataset("a");                                         // a table of 1000 bytes
  ASSERT_OK(store().CreateDataset(UploadOf("b", 77), {}));  // reserved
  EXPECT_EQ(*store().StoredBytes("t"), 1077);
  EXPECT_EQ(*store().StoredBytes("u"), 0);
  EXPECT_EQ(*store().CountOpenUploads("t"), 1);
  EXPECT_EQ(*store().CountOpenUploads("u"), 0);
}

TEST_P(DatasetConformanceTest, SameContentIsFoundAndTakenOver) {
  const std::string content(64, '7');
  NewDataset original = UploadOf("a");
  original.content_sha256 = content;
  original.files[0].local_path = "/data/a";
  ASSERT_OK(store().CreateDataset(original, {}));
  EXPECT_THAT(store().FindActiveByContent("t", content), HasReason(reason::kDatasetNotFound));
  ASSERT_OK(store().BeginImport(Data("a")));
  ASSERT_OK(store().ClaimForImport(Data("a")));
  ImportEnd end = EndOf(ImportEnd::Outcome::kSucceeded);
  end.table_sha256 = kTableSha;
  end.rows = 9;
  ASSERT_OK(store().FinishImport(Data("a"), 1, end));
  EXPECT_EQ(store().FindActiveByContent("t", content)->name, Data("a"));
  EXPECT_THAT(store().FindActiveByContent("u", content), HasReason(reason::kDatasetNotFound));
  EXPECT_THAT(store().FindActiveByContent("t", ""), HasReason(reason::kDatasetNotFound));

  NewDataset copy = UploadOf("b");
  copy.content_sha256 = content;
  ASSERT_OK(store().CreateDataset(copy, {}));
  ASSERT_OK_AND_ASSIGN(const domain::Dataset taken, store().ActivateFrom(Data("b"), Data("a")));
  EXPECT_EQ(taken.state, DatasetState::kActive);
  EXPECT_EQ(taken.rows, 9);
  EXPECT_EQ(taken.table_sha256, kTableSha);
  ASSERT_OK(store().CreateDataset(UploadOf("c"), {}));
  EXPECT_THAT(store().ActivateFrom(Data("c"), Data("a")), HasReason(reason::kDatasetNotReady));
}

}  // namespace
}  // namespace winnow::store
