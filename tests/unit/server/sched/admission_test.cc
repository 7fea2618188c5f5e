#include "server/sched/admission.h"

#include <limits>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/error.h"
#include "tests/support/status_matchers.h"

namespace winnow::sched {
namespace {

using domain::FromStatus;
using testing::HasSubstr;
namespace reason = domain::reason;

class AdmissionTest : public testing::Test {
 protected:
  AdmissionTest() {
    load_.slots = 4;
    load_.disk_free_bytes = int64_t{10} << 30;
    load_.memory_total_bytes = int64_t{8} << 30;
    load_.memory_free_bytes = int64_t{2} << 30;
    upload_load_.disk_free_bytes = int64_t{10} << 30;
    tenant_.max_queued_jobs = 10;
    tenant_.max_open_uploads = 2;
    tenant_.max_stored_bytes = 1000;
    server_.max_queued_jobs = 100;
  }
  absl::Status Job(int32_t threads = 1, int64_t memory = 0) {
    return AdmitJob({"t", threads, memory}, load_, tenant_, server_);
  }
  absl::Status Upload(int64_t size) {
    return AdmitUpload({"t", size}, upload_load_, tenant_, server_);
  }

  ServerLoad load_;
  UploadLoad upload_load_;
  domain::TenantQuota tenant_;
  domain::ServerQuota server_;
};

TEST_F(AdmissionTest, TakesWhatFits) {
  EXPECT_OK(Job());
  EXPECT_OK(Job(4, int64_t{8} << 30));
  EXPECT_OK(Upload(1000));
}

TEST_F(AdmissionTest, RefusesWhenTenantQueueIsFullAndSaysWhen) {
  load_.tenant_queued_jobs = 9;
  EXPECT_OK(Job());
  load_.tenant_queued_jobs = 10;
  const domain::Error error = FromStatus(Job());
  EXPECT_EQ(error.code, absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(error.reason, reason::kTenantQueueFull);
  EXPECT_EQ(error.subject, "tenants/t");
  EXPECT_TRUE(error.retry_after.has_value());
  EXPECT_THAT(error.message, HasSubstr("10 jobs waiting; at most 10"));
}

TEST_F(AdmissionTest, RefusesWhenServerQueueIsFull) {
  load_.server_queued_jobs = 100;
  EXPECT_EQ(FromStatus(Job()).reason, reason::kServerQueueFull);
}

TEST_F(AdmissionTest, TooManyThreadsAreRefusedAndNotClipped) {
  const domain::Error error = FromStatus(Job(5));
  EXPECT_EQ(error.code, absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(error.reason, reason::kTooManyThreads);
  EXPECT_THAT(error.message, HasSubstr("asks for 5 threads; 1 to 4"));
  EXPECT_FALSE(error.retry_after.has_value());
  EXPECT_EQ(FromStatus(Job(0)).reason, reason::kTooManyThreads);
}

TEST_F(AdmissionTest, AJobThatCanNeverFitIsRefusedForGood) {
  const domain::Error error = FromStatus(Job(1, (int64_t{8} << 30) + 1));
  EXPECT_EQ(error.reason, reason::kNotEnoughMemory);
  EXPECT_FALSE(error.retry_after.has_value());
  load_.memory_total_bytes = 0;  // not known: not checked
  EXPECT_OK(Job(1, int64_t{1} << 50));
}

TEST_F(AdmissionTest, MemoryOfTheMomentDecidesOnlyWhenToStart) {
  EXPECT_OK(FitsMemoryNow({"t", 1, int64_t{2} << 30}, load_));
  EXPECT_EQ(FromStatus(FitsMemoryNow({"t", 1, (int64_t{2} << 30) + 1}, load_)).reason,
            reason::kMemoryLow);
  EXPECT_OK(Job(1, int64_t{4} << 30));
}

TEST_F(AdmissionTest, KeepsTheDiskFloor) {
  load_.disk_free_bytes = server_.disk_floor_bytes;
  EXPECT_OK(Job());
  load_.disk_free_bytes = server_.disk_floor_bytes - 1;
  const domain::Error error = FromStatus(Job());
  EXPECT_EQ(error.reason, reason::kDiskLow);
  EXPECT_TRUE(error.retry_after.has_value());
  upload_load_.disk_free_bytes = server_.disk_floor_bytes + 10;
  EXPECT_OK(Upload(10));
  EXPECT_EQ(FromStatus(Upload(11)).reason, reason::kDiskLow);
}

TEST_F(AdmissionTest, TakesNothingWhileDraining) {
  load_.draining = true;
  upload_load_.draining = true;
  for (const absl::Status& status : {Job(99), Upload(1)}) {
    EXPECT_EQ(FromStatus(status).code, absl::StatusCode::kUnavailable);
    EXPECT_EQ(FromStatus(status).reason, reason::kDraining);
    EXPECT_TRUE(FromStatus(status).retry_after.has_value());
  }
}

TEST_F(AdmissionTest, UploadsCountOpenOnesAndStoredBytes) {
  upload_load_.tenant_open_uploads = 2;
  EXPECT_EQ(FromStatus(Upload(1)).reason, reason::kUploadQuota);
  upload_load_.tenant_open_uploads = 1;
  upload_load_.tenant_stored_bytes = 400;
  EXPECT_OK(Upload(600));
  EXPECT_EQ(FromStatus(Upload(601)).reason, reason::kStorageQuota);
  tenant_.max_stored_bytes = std::numeric_limits<int64_t>::max();
  EXPECT_EQ(FromStatus(Upload(std::numeric_limits<int64_t>::max())).reason, reason::kStorageQuota);
}

}  // namespace
}  // namespace winnow::sched
