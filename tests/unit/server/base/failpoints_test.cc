#include "server/base/failpoints.h"

#include <csignal>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::server {
namespace {

class FailpointsTest : public testing::Test {
 protected:
  void TearDown() override { ASSERT_TRUE(SetFailpoints("").ok()); }
};

TEST_F(FailpointsTest, AreOffByDefault) { EXPECT_TRUE(Failpoint("store.after_commit").ok()); }

TEST_F(FailpointsTest, ErrorActsFromItsHitOn) {
  ASSERT_TRUE(SetFailpoints("a:error:3,b:error").ok());
  EXPECT_TRUE(Failpoint("a").ok());
  EXPECT_TRUE(Failpoint("a").ok());
  EXPECT_EQ(Failpoint("a"), absl::InternalError("failpoint a"));
  EXPECT_FALSE(Failpoint("a").ok());
  EXPECT_FALSE(Failpoint("b").ok());
  EXPECT_TRUE(Failpoint("c").ok());
}

TEST_F(FailpointsTest, KillEndsTheProcessAtItsHit) {
  EXPECT_EXIT(
      {
        SetFailpoints("a:kill:2").IgnoreError();
        Failpoint("a").IgnoreError();
        Failpoint("a").IgnoreError();
      },
      testing::KilledBySignal(SIGKILL), "");
}

TEST_F(FailpointsTest, BadEntriesAreNamed) {
  for (const char* bad : {"a", "a:explode", ":kill", "a:kill:0", "a:kill:x", "a:kill:1:2"}) {
    const absl::Status status = SetFailpoints(bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << bad;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr(bad));
  }
}

}  // namespace
}  // namespace winnow::server
