#include "client/cpp/download.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/cpp/fake_server_testing.h"

namespace winnow::client {
namespace {

using ::winnow::test::IsOkAndHolds;
using ::winnow::test::StatusIs;

constexpr char kName[] = "tenants/default/jobs/j1/artifacts/selection.json";

class DownloadTest : public ::testing::Test {
 protected:
  DownloadTest() { server_.artifacts.files[kName] = content_; }

  const std::string content_ = "The quick brown fox jumps over the lazy dog, and over another one.";
  test::TempDir folder_;
  FakeServer server_;
  std::unique_ptr<Client> client_ = server_.Connect();
};

TEST_F(DownloadTest, GivesTheContent) {
  EXPECT_THAT(DownloadText(*client_, kName), IsOkAndHolds(content_));
}

TEST_F(DownloadTest, GoesOnWhereTheStreamBroke) {
  server_.artifacts.cut_after = 2;
  EXPECT_THAT(DownloadText(*client_, kName), IsOkAndHolds(content_));
  EXPECT_EQ(server_.artifacts.streams, 4);  // 67 bytes, 20 a stream
}

TEST_F(DownloadTest, AsksAgainForADamagedFrame) {
  server_.artifacts.damages_once = true;
  EXPECT_THAT(DownloadText(*client_, kName), IsOkAndHolds(content_));
  EXPECT_EQ(server_.artifacts.streams, 2);
}

TEST_F(DownloadTest, WritesAFileThatIsCompleteOrNotThere) {
  const std::string path = folder_.File("out.json");
  EXPECT_OK(DownloadFile(*client_, kName, path));
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), content_);

  server_.artifacts.lies = true;
  const std::string other = folder_.File("other.json");
  EXPECT_THAT(DownloadFile(*client_, kName, other), StatusIs(absl::StatusCode::kDataLoss));
  const auto files = std::filesystem::directory_iterator(folder_.path());
  EXPECT_EQ(std::distance(begin(files), end(files)), 1);  // no part file either
}

TEST_F(DownloadTest, AnArtifactThatIsNotThereIsRefused) {
  const std::string path = folder_.File("out.json");
  const absl::Status status = DownloadFile(*client_, "tenants/default/jobs/j1/artifacts/no", path);
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(ErrorOf(status).reason, "ARTIFACT_NOT_FOUND");
  EXPECT_FALSE(std::filesystem::exists(path));
}

}  // namespace
}  // namespace winnow::client
