// Imports and inferences: workers of their own slot class.
#include "absl/strings/str_cat.h"
#include "tests/unit/server/sched/world_testing.h"

namespace winnow::sched {
namespace {

using domain::DatasetState;
using domain::ImportEnd;
using test::StatusIs;
using testing::ElementsAre;
using testing::HasSubstr;
namespace reason = domain::reason;

class ImportTest : public SchedulerTest {
 protected:
  static domain::DatasetName Data(const std::string& id) { return {"t", id}; }
  static domain::AttemptId Import(const std::string& id, int32_t number = 1) {
    return domain::ImportAttempt({"t", id}, number);
  }
  // An uploaded dataset, with its part file, whose import is asked for.
  void Begin(const std::string& id) {
    store::NewDataset dataset;
    dataset.name = Data(id);
    dataset.files.resize(1);
    dataset.files[0].size_bytes = 4;
    ASSERT_OK(store_->CreateDataset(dataset, {}));
    ASSERT_OK(server::RealFileSystem()->CreateDirectories(layout_.UploadDir(Data(id))));
    WriteFile(layout_.UploadFile(Data(id), 0), "1234");
    ASSERT_OK(store_->CommitUpload(Data(id), 0, 4));
    ASSERT_OK(store_->CompleteUpload(Data(id), 0, "sha"));
    ASSERT_OK(scheduler_->StartImport(Data(id)));
  }
  void WriteFile(const std::string& path, const std::string& bytes) {
    ASSERT_OK(server::WriteFileAtomic(*server::RealFileSystem(), path, bytes));
  }
  absl::Status Done(const domain::AttemptId& id) {
    ImportEnd end;
    end.outcome = ImportEnd::Outcome::kSucceeded;
    end.table_sha256 = "sha";
    return scheduler_->OnImportFinished(id, end);
  }
  DatasetState StateOfData(const std::string& id) { return store_->GetDataset(Data(id))->state; }

  // Answers of inferences, as texts.
  Scheduler::InferenceDone Note() {
    return [this](const absl::StatusOr<std::string>& result) {
      answers_.push_back(result.ok() ? *result : domain::ReasonOf(result.status()));
    };
  }
  std::vector<std::string> answers_;
};

TEST_F(ImportTest, AnImportRunsBesideJobsThatTakeEverySlot) {
  Submit("j", 2);
  Begin("new");
  EXPECT_TRUE(Runs(Import("new")));
  EXPECT_EQ(launcher_->processes[Import("new")].spec.memory_limit_bytes,
            options_.import_memory_limit_bytes);
  Begin("other");
  EXPECT_FALSE(Runs(Import("other")));
  EXPECT_EQ(scheduler_->Load().busy_import_slots, 1);
  EXPECT_EQ(scheduler_->Load().queued_imports, 1);
}

TEST_F(ImportTest, SuccessPublishesTheTableAndDropsTheUpload) {
  Begin("new");
  ASSERT_OK_AND_ASSIGN(const AttachReply reply, Attach(Import("new")));
  EXPECT_EQ(reply.dataset.name, Data("new"));
  EXPECT_EQ(reply.directory, layout_.AttemptDir(Import("new")));
  WriteFile(reply.directory + "/table.bin", "packed");
  ASSERT_OK(Done(Import("new")));
  EXPECT_EQ(StateOfData("new"), DatasetState::kActive);
  EXPECT_OK(Done(Import("new")));  // again: no effect
  launcher_->Exit(Import("new"));
  EXPECT_TRUE(FileExists(layout_.TableDir(Data("new")) + "/table.bin"));
  EXPECT_FALSE(FileExists(layout_.AttemptDir(Import("new"))));
  EXPECT_FALSE(FileExists(layout_.UploadDir(Data("new"))));
  EXPECT_TRUE(scheduler_->IsIdle());
}

TEST_F(ImportTest, AFailureOfEveryStepOfPublishingCanBeRepeated) {
  Begin("new");
  ASSERT_OK(Attach(Import("new")));
  WriteFile(layout_.AttemptDir(Import("new")) + "/table.bin", "packed");
  int failures = 0;
  for (int64_t nth = 1; nth < 20; ++nth) {
    files_.FailNth(nth, absl::ResourceExhaustedError("disk full"));
    if (Done(Import("new")).ok()) break;
    ++failures;
    EXPECT_EQ(StateOfData("new"), DatasetState::kImporting);
  }
  files_.FailNth(0, absl::OkStatus());
  EXPECT_GT(failures, 1);
  EXPECT_EQ(StateOfData("new"), DatasetState::kActive);
  EXPECT_TRUE(FileExists(layout_.TableDir(Data("new")) + "/table.bin"));
}

TEST_F(ImportTest, FailureKeepsTheWorkersWords) {
  Begin("new");
  ASSERT_OK(Attach(Import("new")));
  ImportEnd end;
  end.outcome = ImportEnd::Outcome::kFailed;
  end.error = domain::Error{absl::StatusCode::kInvalidArgument,
                            reason::kBadData,
                            "row 17 has 4 values, 5 were expected",
                            "",
                            {},
                            {},
                            std::nullopt};
  ASSERT_OK(scheduler_->OnImportFinished(Import("new"), end));
  launcher_->Exit(Import("new"), {1, 0, false, 0});
  EXPECT_EQ(StateOfData("new"), DatasetState::kFailed);
  EXPECT_THAT(store_->GetDataset(Data("new"))->error->message, HasSubstr("row 17"));
  EXPECT_FALSE(FileExists(layout_.UploadDir(Data("new"))));
}

TEST_F(ImportTest, MemoryLimitFailsItAndCrashesAreTriedThreeTimes) {
  Begin("large");
  ASSERT_OK(Attach(Import("large")));
  launcher_->Exit(Import("large"), {0, 9, true, 0});
  EXPECT_EQ(store_->GetDataset(Data("large"))->error->reason, reason::kWorkerOutOfMemory);
  Begin("odd");
  for (int attempt = 1; attempt <= 3; ++attempt) {
    ASSERT_TRUE(Runs(Import("odd", attempt))) << attempt;
    launcher_->Exit(Import("odd", attempt), {0, 11, false, 0});
    EXPECT_FALSE(FileExists(layout_.AttemptDir(Import("odd", attempt))) && attempt < 3);
    Pass(absl::Seconds(10));
  }
  EXPECT_EQ(store_->GetDataset(Data("odd"))->error->reason, reason::kCrashLoop);
}

TEST_F(ImportTest, DeleteKillsTheImportAndTakesItsFilesWithIt) {
  Begin("new");
  ASSERT_OK(Attach(Import("new")));
  ASSERT_OK(scheduler_->DeleteDataset(Data("new")));
  EXPECT_TRUE(IsKilled(Import("new")));
  EXPECT_FALSE(FileExists(layout_.UploadDir(Data("new"))));
  // The same name again, while the old worker still dies.
  Begin("new");
  EXPECT_FALSE(launcher_->processes.count(Import("new", 2)) > 0);
  launcher_->Exit(Import("new"), {0, 9, false, 0});
  ASSERT_TRUE(Runs(Import("new", 1)));
  EXPECT_TRUE(FileExists(layout_.UploadFile(Data("new"), 0)));
  ASSERT_OK(Attach(Import("new")));
  ASSERT_OK(Done(Import("new")));
  EXPECT_EQ(StateOfData("new"), DatasetState::kActive);
}

TEST_F(ImportTest, DeleteOfAWaitingImportAndOfAnActiveDataset) {
  Begin("one");
  Begin("two");
  ASSERT_OK(scheduler_->DeleteDataset(Data("two")));
  ASSERT_OK(Attach(Import("one")));
  ASSERT_OK(Done(Import("one")));
  launcher_->Exit(Import("one"));
  EXPECT_TRUE(scheduler_->IsIdle());
  ASSERT_OK(scheduler_->DeleteDataset(Data("one")));
  EXPECT_FALSE(FileExists(layout_.DatasetDir(Data("one"))));
  EXPECT_THAT(scheduler_->DeleteDataset(Data("one")), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(ImportTest, DrainKillsImportsAndTheNextServerStartsThemAgain) {
  Begin("new");
  ASSERT_OK(Attach(Import("new")));
  scheduler_->StartDrain();
  EXPECT_TRUE(IsKilled(Import("new")));
  launcher_->Exit(Import("new"), {0, 9, false, 0});
  EXPECT_EQ(store_->GetDataset(Data("new"))->crashes, 0);
  KillServer();
  StartServer();
  EXPECT_TRUE(Runs(Import("new", 2)));
}

TEST_F(ImportTest, StartUpCutsUploadsAndSweepsLeftovers) {
  store::NewDataset dataset;
  dataset.name = Data("up");
  dataset.files.resize(1);
  dataset.files[0].size_bytes = 100;
  ASSERT_OK(store_->CreateDataset(dataset, {}));
  ASSERT_OK(store_->CommitUpload(Data("up"), 0, 3));
  server::FileSystem& files = *server::RealFileSystem();
  ASSERT_OK(files.CreateDirectories(layout_.UploadDir(Data("up"))));
  WriteFile(layout_.UploadFile(Data("up"), 0), "abcdef");
  Submit("j");
  const std::string job_folder = layout_.AttemptDir(Attempt("j"));
  WriteFile(job_folder + "/c.ckpt", "kept");
  WriteFile(job_folder + "/c.ckpt.1.tmp", "half");
  for (const std::string& gone :
       {layout_.JobDir(Name("gone")), layout_.DatasetDir(Data("gone")),
        layout_.UploadDir(Data("gone")), layout_.DatasetDir(Data("d")) + "/attempt-9",
        dir_.File("inferences/t/i1")}) {
    ASSERT_OK(files.CreateDirectories(gone));
  }
  KillServer();
  StartServer();
  EXPECT_EQ(*server::ReadWholeFile(files, layout_.UploadFile(Data("up"), 0), 100), "abc");
  EXPECT_TRUE(FileExists(job_folder + "/c.ckpt"));
  EXPECT_FALSE(FileExists(job_folder + "/c.ckpt.1.tmp"));
  EXPECT_FALSE(FileExists(layout_.JobDir(Name("gone"))));
  EXPECT_FALSE(FileExists(layout_.DatasetDir(Data("gone"))));
  EXPECT_FALSE(FileExists(layout_.UploadDir(Data("gone"))));
  EXPECT_FALSE(FileExists(layout_.DatasetDir(Data("d")) + "/attempt-9"));
  EXPECT_TRUE(FileExists(layout_.TableDir(Data("d"))));
  EXPECT_FALSE(FileExists(dir_.File("inferences")));
}

TEST_F(ImportTest, AnInferenceAnswersAndLeavesNoTrace) {
  ASSERT_OK_AND_ASSIGN(const domain::AttemptId id,
                       scheduler_->StartInference("t", "look at a.csv", Note()));
  ASSERT_TRUE(Runs(id));
  ASSERT_OK_AND_ASSIGN(const AttachReply reply, Attach(id));
  EXPECT_EQ(reply.inference, "look at a.csv");
  ASSERT_OK(scheduler_->OnInferenceResult(id, std::string("columns: …")));
  EXPECT_THAT(answers_, ElementsAre("columns: …"));
  EXPECT_OK(scheduler_->OnInferenceResult(id, std::string("again")));
  launcher_->Exit(id);
  EXPECT_EQ(answers_.size(), 1u);
  EXPECT_FALSE(FileExists(layout_.AttemptDir(id)));
  EXPECT_TRUE(scheduler_->IsIdle());
}

TEST_F(ImportTest, AnInferenceIsAlwaysAnsweredOnce) {
  ASSERT_OK_AND_ASSIGN(const domain::AttemptId dies, scheduler_->StartInference("t", "1", Note()));
  ASSERT_OK_AND_ASSIGN(const domain::AttemptId waits, scheduler_->StartInference("t", "2", Note()));
  EXPECT_FALSE(Runs(waits));
  scheduler_->CancelInference(waits);
  EXPECT_THAT(answers_, ElementsAre("CANCELLED"));
  launcher_->Exit(dies, {0, 11, false, 0});
  EXPECT_THAT(answers_, ElementsAre("CANCELLED", "CRASH"));
  ASSERT_OK_AND_ASSIGN(const domain::AttemptId third, scheduler_->StartInference("t", "3", Note()));
  scheduler_->CancelInference(third);
  EXPECT_TRUE(IsKilled(third));
  launcher_->Exit(third, {0, 9, false, 0});
  ASSERT_OK_AND_ASSIGN(const domain::AttemptId fourth,
                       scheduler_->StartInference("t", "4", Note()));
  ASSERT_OK(scheduler_->StartInference("t", "5", Note()));
  scheduler_->StartDrain();
  launcher_->Exit(fourth, {0, 9, false, 0});
  EXPECT_THAT(answers_, ElementsAre("CANCELLED", "CRASH", "CANCELLED", "DRAINING", "DRAINING"));
  EXPECT_THAT(scheduler_->StartInference("t", "6", Note()),
              StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(scheduler_->IsIdle());
}

TEST_F(ImportTest, InferencesComeBeforeWaitingImportsAndAreBounded) {
  Begin("running");
  Begin("waiting");
  std::vector<domain::AttemptId> ids;
  for (int i = 0; i < 16; ++i) {
    ASSERT_OK_AND_ASSIGN(domain::AttemptId id, scheduler_->StartInference("t", "x", Note()));
    ids.push_back(id);
  }
  EXPECT_THAT(scheduler_->StartInference("t", "x", Note()),
              StatusIs(absl::StatusCode::kResourceExhausted));
  launcher_->Exit(Import("running"), {0, 11, false, 0});
  EXPECT_TRUE(Runs(ids[0]));
  EXPECT_FALSE(Runs(Import("waiting")));
}

}  // namespace
}  // namespace winnow::sched
