#include "server/domain/names.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/domain/error.h"
#include "server/domain/layout.h"

namespace winnow::domain {
namespace {

using testing::HasSubstr;

TEST(NamesTest, ParseAndToStringAreInverse) {
  EXPECT_EQ(*ParseTenantName("tenants/t-1"), "t-1");
  EXPECT_EQ(TenantName("t-1"), "tenants/t-1");
  for (const std::string name : {"tenants/t/datasets/adult", "tenants/a/datasets/7"}) {
    ASSERT_TRUE(ParseDatasetName(name).ok()) << name;
    EXPECT_EQ(ParseDatasetName(name)->ToString(), name);
  }
  EXPECT_EQ(ParseJobName("tenants/t/jobs/j1")->ToString(), "tenants/t/jobs/j1");
  const std::string artifact = "tenants/t/jobs/j/artifacts/selection.json";
  EXPECT_EQ(ParseArtifactName(artifact)->ToString(), artifact);
}

TEST(NamesTest, WrongShapesAndIdsAreRefusedWithWhatWasExpected) {
  for (const std::string name :
       {"", "tenants", "tenants/t", "tenants/t/jobs", "tenants/t/jobs/", "tenants//jobs/j",
        "tenants/t/datasets/j", "jobs/j", "/tenants/t/jobs/j", "tenants/t/jobs/j/",
        "tenants/T/jobs/j", "tenants/t/jobs/a_b", "tenants/t/jobs/.."}) {
    const absl::Status status = ParseJobName(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_EQ(ReasonOf(status), reason::kInvalidName) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("must be ")) << name;
  }
  EXPECT_THAT(std::string(ParseJobName("x").status().message()),
              HasSubstr("job name \"x\": must be tenants/{tenant}/jobs/{job}"));
  EXPECT_FALSE(ParseArtifactName("tenants/t/jobs/j/artifacts/..").ok());
  EXPECT_FALSE(ParseDatasetName("tenants/t/jobs/j").ok());
  EXPECT_FALSE(ParseTenantName("tenants/t/jobs/j").ok());
}

TEST(NamesTest, AMegabyteOfNameIsNotRepeatedInTheMessage) {
  EXPECT_LT(ParseJobName(std::string(1 << 20, 'x')).status().message().size(), 400u);
}

TEST(AttemptIdTest, ParseAndToStringAreInverse) {
  for (const AttemptId& id : {JobAttempt({"t", "j"}, 3), ImportAttempt({"t", "d"}, 1),
                              AttemptId{WorkKind::kInfer, "t", "i", 1}}) {
    const auto parsed = ParseAttemptId(id.ToString());
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    EXPECT_EQ(*parsed, id);
  }
  EXPECT_EQ(JobAttempt({"t", "j"}, 3).ToString(), "tenants/t/jobs/j/attempts/3");
  for (const char* bad :
       {"", "tenants/t/jobs/j", "tenants/t/jobs/j/attempts/0", "tenants/t/jobs/j/attempts/-1",
        "tenants/t/jobs/j/attempts/01", "tenants/t/jobs/j/attempts/x",
        "tenants/t/models/j/attempts/1", "tenants/t/jobs/j/attempts/99999999999"}) {
    EXPECT_FALSE(ParseAttemptId(bad).ok()) << bad;
  }
}

TEST(LayoutTest, PathsOfDifferentTenantsAndAttemptsDiffer) {
  const DataDirLayout layout("/data");
  EXPECT_EQ(layout.DatabaseFile(), "/data/winnow.db");
  EXPECT_EQ(layout.AttemptDir(JobAttempt({"t", "j"}, 2)), "/data/jobs/t/j/attempt-2");
  EXPECT_EQ(layout.WorkerLog(JobAttempt({"t", "j"}, 2)), "/data/jobs/t/j/attempt-2/worker.log");
  EXPECT_EQ(layout.AttemptDir(ImportAttempt({"t", "d"}, 1)), "/data/datasets/t/d/attempt-1");
  EXPECT_EQ(layout.UploadFile({"t", "d"}, 1), "/data/uploads/t/d/1.part");
  EXPECT_NE(layout.JobDir({"t", "j"}), layout.JobDir({"u", "j"}));
}

}  // namespace
}  // namespace winnow::domain
