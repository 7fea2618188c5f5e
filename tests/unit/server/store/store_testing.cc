#include "tests/unit/server/store/store_testing.h"

#include "absl/strings/str_cat.h"
#include "server/store/sqlite_store.h"

namespace winnow::store {

std::vector<StoreFactory> AllStores() { return {{"Sqlite", &OpenSqliteStore}}; }

std::string StoreName(const testing::TestParamInfo<StoreFactory>& info) { return info.param.name; }

void StoreTest::Reopen() {
  store_.reset();
  ASSERT_OK_AND_ASSIGN(store_, GetParam().open(dir_.File("winnow.db"), &clock_));
}

NewDataset StoreTest::UploadOf(const std::string& id, int64_t size_bytes) {
  NewDataset dataset;
  dataset.name = Data(id);
  domain::DatasetFile file;
  file.file_name = id + ".csv";
  file.role = "data";
  file.size_bytes = size_bytes;
  dataset.files = {file};
  dataset.schema = "schema";
  dataset.labels = {{"team", "a"}};
  return dataset;
}

NewJob StoreTest::JobOn(const std::string& id, const std::string& dataset) {
  NewJob job;
  job.name = Job(id);
  job.config.spec = std::string("spec\0bytes", 10);
  job.config.plan = "plan";
  job.config.plan_version = 7;
  job.config.task = "feature_selection";
  job.config.selector = "random";
  job.config.dataset = dataset;
  job.config.dataset_sha256 = kTableSha;
  return job;
}

void StoreTest::MakeDataset(const std::string& id) {
  NewDataset dataset = UploadOf(id);
  dataset.files[0].local_path = "/data/" + id;
  ASSERT_OK(store().CreateDataset(dataset, {}));
  ASSERT_OK(store().BeginImport(Data(id)));
  ASSERT_OK_AND_ASSIGN(const domain::Dataset claimed, store().ClaimForImport(Data(id)));
  domain::ImportEnd end;
  end.outcome = domain::ImportEnd::Outcome::kSucceeded;
  end.profile = "profile";
  end.table_sha256 = kTableSha;
  end.table_size_bytes = 1000;
  end.rows = 100;
  end.columns = 5;
  ASSERT_OK(store().FinishImport(Data(id), claimed.attempt, end));
}

domain::Job StoreTest::MakeJob(const std::string& id) {
  if (!store().GetDataset(Data("d")).ok()) MakeDataset();
  const auto created = store().CreateJob(JobOn(id), {});
  EXPECT_OK(created);
  return created.ok() ? created->resource : domain::Job();
}

domain::Job StoreTest::MakeRunningJob(const std::string& id) {
  MakeJob(id);
  const auto claim = store().ClaimForAttempt(Job(id));
  EXPECT_OK(claim);
  return claim.ok() ? claim->job : domain::Job();
}

std::vector<domain::JobEvent> StoreTest::Log(const domain::JobName& name) {
  std::vector<domain::JobEvent> log;
  while (true) {
    const auto page =
        store().ReadEvents(name, static_cast<int64_t>(log.size()), EventLimit{3, 1 << 20});
    EXPECT_OK(page);
    if (!page.ok() || page->events.empty()) break;
    for (const domain::JobEvent& event : page->events) {
      EXPECT_EQ(event.sequence, static_cast<int64_t>(log.size()) + 1);
      log.push_back(event);
    }
  }
  return log;
}

std::string StoreTest::States(const domain::JobName& name) {
  std::string states;
  for (const domain::JobEvent& event : Log(name)) {
    if (!event.state_change.has_value()) continue;
    absl::StrAppend(&states, states.empty() ? "" : " ",
                    domain::JobStateName(event.state_change->to));
  }
  return states;
}

domain::AttemptEnd StoreTest::End(domain::AttemptOutcome outcome) {
  domain::AttemptEnd end;
  end.outcome = outcome;
  if (outcome == domain::AttemptOutcome::kFailed) end.error = SomeError();
  return end;
}

domain::Error StoreTest::SomeError() {
  domain::Error error;
  error.code = absl::StatusCode::kInvalidArgument;
  error.reason = domain::reason::kNumericFault;
  error.message = "the loss is not a number at step 12";
  return error;
}

}  // namespace winnow::store
