// The store and the uploads of the server, with every file call failing in turn.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/base/crc32c.h"
#include "server/base/ids.h"
#include "server/base/sha256.h"
#include "server/base/status.h"
#include "server/domain/layout.h"
#include "server/rpc/gate.h"
#include "server/rpc/progress_board.h"
#include "server/rpc/upload.h"
#include "server/store/sqlite_store.h"
#include "tests/faults/fault_loop.h"
#include "tests/support/stub_scheduler.h"

namespace winnow::faults {
namespace {

constexpr Fault kFaults[] = {Fault::kNoSpace, Fault::kInputOutput, Fault::kShortWrite,
                             Fault::kDeath};

std::unique_ptr<store::Store> OpenStore(const std::string& folder) {
  static server::SystemClock clock;
  static server::Telemetry telemetry;
  auto opened = store::OpenSqliteStore(folder + "/winnow.db", &clock, &telemetry);
  return opened.ok() ? *std::move(opened) : nullptr;
}

// --- the store: two jobs from submit to success ---

constexpr int kJobs = 2;
constexpr int64_t kEvents = 3;

domain::JobName JobNamed(int job) { return {"t", absl::StrCat("j", job)}; }
store::RequestKey KeyOf(int job) { return {absl::StrCat("request", job), "body"}; }

absl::Status LiveOneJob(store::Store& store, int job, const Acknowledge& acknowledge) {
  store::NewJob submitted;
  submitted.name = JobNamed(job);
  submitted.config.spec = std::string(2000, 's');
  RETURN_IF_ERROR(store.CreateJob(submitted, KeyOf(job)).status());
  acknowledge(absl::StrCat("submitted ", job));
  RETURN_IF_ERROR(store.ClaimForAttempt(JobNamed(job)).status());
  for (int64_t n = 1; n <= kEvents; ++n) {
    RETURN_IF_ERROR(store.AppendEvents(JobNamed(job), 1, {{n, std::string(3000, 'e')}}).status());
    acknowledge(absl::StrCat("event ", n, " of ", job));
  }
  domain::AttemptEnd end;
  end.outcome = domain::AttemptOutcome::kSucceeded;
  RETURN_IF_ERROR(store.FinishAttempt(JobNamed(job), 1, end).status());
  acknowledge(absl::StrCat("finished ", job));
  return absl::OkStatus();
}

void LiveInStore(const std::string& folder, const Acknowledge& acknowledge) {
  const auto store = OpenStore(folder);
  if (store == nullptr) return;
  for (int job = 0; job < kJobs; ++job) LiveOneJob(*store, job, acknowledge).IgnoreError();
}

void CheckJob(store::Store& store, int job, const std::set<std::string>& acknowledged) {
  const auto shown = store.GetJob(JobNamed(job));
  if (!shown.ok()) {
    EXPECT_EQ(acknowledged.count(absl::StrCat("submitted ", job)), 0u) << shown.status();
    return;
  }
  EXPECT_EQ(shown->config.spec, std::string(2000, 's'));
  EXPECT_TRUE(store.FindJobByRequest("t", KeyOf(job)).ok()) << "the request id went with the job";
  const auto page = store.ReadEvents(JobNamed(job), 0, {1000, int64_t{1} << 30});
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_EQ(static_cast<int64_t>(page->events.size()), shown->last_sequence);
  int64_t ordinals = 0;
  for (size_t i = 0; i < page->events.size(); ++i) {
    EXPECT_EQ(page->events[i].sequence, static_cast<int64_t>(i) + 1);
    if (page->events[i].ordinal.has_value()) {
      EXPECT_EQ(*page->events[i].ordinal, ++ordinals);
    }
  }
  for (int64_t n = 1; n <= kEvents; ++n) {
    if (acknowledged.count(absl::StrCat("event ", n, " of ", job)) > 0) {
      EXPECT_GE(ordinals, n);
    }
  }
  if (acknowledged.count(absl::StrCat("finished ", job)) > 0) {
    EXPECT_EQ(shown->state, domain::JobState::kSucceeded);
  }
}

void CheckStore(const std::string& folder, const std::set<std::string>& acknowledged, bool) {
  const auto store = OpenStore(folder);  // runs quick_check
  ASSERT_NE(store, nullptr) << "the store cannot be opened again";
  for (int job = 0; job < kJobs; ++job) CheckJob(*store, job, acknowledged);
}

TEST(StoreFaultsTest, WhatIsAcknowledgedIsThere) {
  const Scenario scenario{nullptr, LiveInStore, CheckStore, /*sync_is_fatal=*/true};
  for (const Fault fault : kFaults) {
    EXPECT_GT(RunLoop(scenario, fault), 20) << FaultName(fault);
  }
}

// --- an upload in three chunks, interrupted once ---

constexpr size_t kChunk = 4000;

std::string Content() {
  std::string content;
  for (int i = 0; content.size() < 3 * kChunk; ++i) absl::StrAppend(&content, i, ",");
  content.resize(3 * kChunk);
  return content;
}

// Imports begin, and nobody runs them.
class UploadScheduler final : public test::StubScheduler {
 public:
  explicit UploadScheduler(store::Store* store) : store_(store) {}
  absl::StatusOr<domain::Dataset> StartImport(const domain::DatasetName& name) override {
    return store_->BeginImport(name);
  }

 private:
  store::Store* const store_;
};

// What uploads need of a server.
struct UploadWorld {
  explicit UploadWorld(const std::string& folder)
      : store(OpenStore(folder)), scheduler(store.get()), layout(folder) {
    deps.clock = &clock;
    deps.files = server::RealFileSystem();
    deps.telemetry = &telemetry;
    deps.store = store.get();
    deps.scheduler = &scheduler;
    deps.layout = &layout;
  }

  static domain::DatasetName Name() { return {"t", "d"}; }

  absl::Status Declare() {
    store::NewDataset dataset;
    dataset.name = Name();
    domain::DatasetFile file;
    file.file_name = "t.csv";
    file.size_bytes = static_cast<int64_t>(Content().size());
    file.sha256 = server::Sha256Hex(Content());
    dataset.files.push_back(file);
    return store->CreateDataset(dataset, {}).status();
  }

  // From where the server says to the end; `acknowledge` gets the committed sizes.
  absl::Status Send(const Acknowledge& acknowledge) {
    ASSIGN_OR_RETURN(const domain::Dataset dataset, store->GetDataset(Name()));
    int64_t at = dataset.files[0].committed_size_bytes;
    ASSIGN_OR_RETURN(const auto upload, rpc::Upload::Open(deps, locks, Name(), 0, at));
    while (at < static_cast<int64_t>(Content().size())) {
      const std::string chunk = Content().substr(static_cast<size_t>(at), kChunk);
      RETURN_IF_ERROR(upload->Append(at, chunk, server::Crc32c(chunk.data(), chunk.size())));
      RETURN_IF_ERROR(upload->Commit());
      at = upload->committed();
      acknowledge(absl::StrCat(at));
    }
    RETURN_IF_ERROR(upload->Complete());
    acknowledge("complete");
    return absl::OkStatus();
  }

  server::SystemClock clock;
  server::Telemetry telemetry;
  std::unique_ptr<store::Store> store;
  UploadScheduler scheduler;
  domain::DataDirLayout layout;
  rpc::UploadLocks locks;
  rpc::Deps deps;
};

void DeclareUpload(const std::string& folder) {
  UploadWorld world(folder);
  ASSERT_TRUE(world.Declare().ok());
}

void SendUpload(const std::string& folder, const Acknowledge& acknowledge) {
  UploadWorld world(folder);
  if (world.store == nullptr) return;
  world.Send(acknowledge).IgnoreError();
}

void CheckUpload(const std::string& folder, const std::set<std::string>& acknowledged, bool) {
  UploadWorld world(folder);
  ASSERT_NE(world.store, nullptr);
  const absl::Status recovered = rpc::RecoverUploads(world.deps);
  ASSERT_TRUE(recovered.ok()) << recovered;
  auto dataset = world.store->GetDataset(UploadWorld::Name());
  ASSERT_TRUE(dataset.ok()) << dataset.status();
  for (const std::string& size : acknowledged) {
    if (size == "complete") continue;
    EXPECT_GE(dataset->files[0].committed_size_bytes, std::stoll(size));
  }
  if (dataset->state == domain::DatasetState::kUploading) {
    EXPECT_EQ(acknowledged.count("complete"), 0u);
    const absl::Status rest = world.Send([](const std::string&) {});
    EXPECT_TRUE(rest.ok()) << "the upload cannot be ended: " << rest;
    dataset = world.store->GetDataset(UploadWorld::Name());
    ASSERT_TRUE(dataset.ok());
  }
  EXPECT_NE(dataset->state, domain::DatasetState::kUploading);
  EXPECT_NE(dataset->state, domain::DatasetState::kFailed);
  const auto stored = server::ReadWholeFile(
      *server::RealFileSystem(), world.layout.UploadFile(UploadWorld::Name(), 0), 1 << 20);
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_TRUE(*stored == Content()) << "the uploaded bytes differ";
}

TEST(UploadFaultsTest, CommittedBytesAreThereAndTheRestCanFollow) {
  const Scenario scenario{DeclareUpload, SendUpload, CheckUpload, /*sync_is_fatal=*/true};
  for (const Fault fault : kFaults) {
    EXPECT_GT(RunLoop(scenario, fault), 10) << FaultName(fault);
  }
}

}  // namespace
}  // namespace winnow::faults
