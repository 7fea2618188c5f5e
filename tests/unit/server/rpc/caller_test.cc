#include "server/rpc/caller.h"

#include "server/domain/error.h"
#include "tests/support/status_matchers.h"

namespace winnow::rpc {
namespace {

using domain::ReasonOf;

const Caller kCaller = {"ads"};

TEST(CallerTest, ShortNamesMeanTheCallersTenant) {
  ASSERT_OK_AND_ASSIGN(const domain::JobName job, ResolveJob(kCaller, "j1"));
  EXPECT_EQ(job.ToString(), "tenants/ads/jobs/j1");
  ASSERT_OK_AND_ASSIGN(const domain::DatasetName dataset, ResolveDataset(kCaller, "d1"));
  EXPECT_EQ(dataset.ToString(), "tenants/ads/datasets/d1");
  ASSERT_OK_AND_ASSIGN(const domain::ArtifactName artifact,
                       ResolveArtifact(kCaller, "j1/selection.json"));
  EXPECT_EQ(artifact.ToString(), "tenants/ads/jobs/j1/artifacts/selection.json");
  ASSERT_OK_AND_ASSIGN(const std::string tenant, ResolveParent(kCaller, ""));
  EXPECT_EQ(tenant, "ads");
}

TEST(CallerTest, FullNamesOfTheOwnTenant) {
  EXPECT_OK(ResolveJob(kCaller, "tenants/ads/jobs/j1"));
  EXPECT_OK(ResolveArtifact(kCaller, "tenants/ads/jobs/j1/artifacts/a.json"));
  EXPECT_OK(ResolveParent(kCaller, "tenants/ads"));
}

TEST(CallerTest, OtherTenantsAreRefusedBeforeAnythingIsLookedUp) {
  EXPECT_EQ(ReasonOf(ResolveJob(kCaller, "tenants/x/jobs/j").status()), "TENANT_MISMATCH");
  EXPECT_EQ(ReasonOf(ResolveDataset(kCaller, "tenants/x/datasets/d").status()), "TENANT_MISMATCH");
  EXPECT_EQ(ReasonOf(ResolveArtifact(kCaller, "tenants/x/jobs/j/artifacts/a").status()),
            "TENANT_MISMATCH");
  EXPECT_EQ(ReasonOf(ResolveParent(kCaller, "tenants/x").status()), "TENANT_MISMATCH");
}

TEST(CallerTest, MalformedNames) {
  for (const char* name : {"", "J", "a/b", "tenants/ads/datasets/d", "tenants/ads/jobs/", "../x"}) {
    EXPECT_EQ(ReasonOf(ResolveJob(kCaller, name).status()), "INVALID_NAME") << name;
  }
  EXPECT_EQ(ReasonOf(ResolveArtifact(kCaller, "j1").status()), "INVALID_NAME");
  EXPECT_EQ(ReasonOf(ResolveArtifact(kCaller, "j1/a/b").status()), "INVALID_NAME");
  EXPECT_EQ(ReasonOf(ResolveArtifact(kCaller, "j1/../worker.log").status()), "INVALID_NAME");
}

}  // namespace
}  // namespace winnow::rpc
