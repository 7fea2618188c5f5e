// The stores under test and what their tests need to say.
#ifndef WINNOW_TESTS_UNIT_SERVER_STORE_STORE_TESTING_H_
#define WINNOW_TESTS_UNIT_SERVER_STORE_STORE_TESTING_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/clock.h"
#include "server/store/store.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::store {

// A kind of store: each runs the whole conformance suite.
struct StoreFactory {
  const char* name;
  absl::StatusOr<std::unique_ptr<Store>> (*open)(const std::string& path,
                                                 const server::Clock* clock);
};

std::vector<StoreFactory> AllStores();
std::string StoreName(const testing::TestParamInfo<StoreFactory>& info);

// A matcher of statuses that carry this reason.
MATCHER_P(HasReason, reason, std::string("has the reason ") + reason) {
  const absl::Status& status = test::StatusOf(arg);
  *result_listener << status;
  return !status.ok() && domain::ReasonOf(status) == reason;
}

inline constexpr char kTableSha[] =
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
inline constexpr char kRequestA[] = "123e4567-e89b-42d3-a456-426614174000";
inline constexpr char kRequestB[] = "223e4567-e89b-42d3-a456-426614174000";

class StoreTest : public testing::TestWithParam<StoreFactory> {
 protected:
  void SetUp() override { Reopen(); }

  // Closes the store, as a dying server would, and opens what is on disk.
  void Reopen();
  Store& store() { return *store_; }

  static domain::JobName Job(const std::string& id) { return {"t", id}; }
  static domain::DatasetName Data(const std::string& id) { return {"t", id}; }
  static NewDataset UploadOf(const std::string& id, int64_t size_bytes = 10);
  static NewJob JobOn(const std::string& id, const std::string& dataset = "d");

  // An ACTIVE dataset whose packed table has kTableSha.
  void MakeDataset(const std::string& id = "d");
  // A PENDING job on dataset d, which is made when absent.
  domain::Job MakeJob(const std::string& id = "j");
  // A RUNNING job.
  domain::Job MakeRunningJob(const std::string& id = "j");

  // The whole log; checks that its sequences are 1, 2, 3, …
  std::vector<domain::JobEvent> Log(const domain::JobName& name);
  // "PENDING RUNNING …": the states that the log tells.
  std::string States(const domain::JobName& name);

  static domain::WorkerEvent Event(std::optional<int64_t> ordinal, const std::string& payload) {
    return {ordinal, payload};
  }
  static domain::AttemptEnd End(domain::AttemptOutcome outcome);
  static domain::Error SomeError();

  test::TempDir dir_;
  server::FakeClock clock_;

 private:
  std::unique_ptr<Store> store_;
};

}  // namespace winnow::store

#endif  // WINNOW_TESTS_UNIT_SERVER_STORE_STORE_TESTING_H_
