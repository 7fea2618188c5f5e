#include "client/cpp/upload.h"

#include <fstream>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/client/cpp/fake_server_testing.h"

namespace winnow::client {
namespace {

using ::testing::HasSubstr;
using ::winnow::test::StatusIs;

constexpr int64_t kChunk = 256 * 1024;

class UploadTest : public ::testing::Test {
 protected:
  // Five chunks, the last one short.
  UploadTest() : path_(folder_.File("table.csv")) {
    for (int64_t i = 0; i < 4 * kChunk + 1000; ++i) content_ += static_cast<char>(i * 31 >> 3);
    std::ofstream(path_, std::ios::binary) << content_;
    options_.first_pause = absl::Milliseconds(1);
  }

  absl::Status Upload() {
    v1::CreateDatasetRequest request;
    request.set_dataset_id("d");
    auto file = DeclareFile(path_, v1::DatasetFile::ROLE_TRAIN);
    if (!file.ok()) return file.status();
    *request.mutable_dataset()->add_files() = *file;
    const auto created = client_->CreateDataset(request);
    if (!created.ok()) return created.status();
    return UploadFile(*client_, created->name(), 0, path_, options_);
  }

  test::TempDir folder_;
  const std::string path_;
  std::string content_;
  FakeServer server_;
  std::unique_ptr<Client> client_ = server_.Connect();
  UploadOptions options_;
};

TEST_F(UploadTest, SendsTheWholeFileInOneStream) {
  int64_t sent = 0;
  options_.progress = [&](int64_t bytes) { sent = bytes; };
  EXPECT_OK(Upload());
  EXPECT_EQ(server_.datasets.content[0], content_);
  EXPECT_EQ(server_.datasets.frames_at[0], 1);
  EXPECT_EQ(sent, static_cast<int64_t>(content_.size()));
}

class UploadCutTest : public UploadTest, public ::testing::WithParamInterface<int> {};

TEST_P(UploadCutTest, ResumesFromWhatIsCommitted) {
  server_.datasets.cut_after = {GetParam(), GetParam(), GetParam()};
  EXPECT_OK(Upload());
  EXPECT_EQ(server_.datasets.content[0], content_);
}

INSTANTIATE_TEST_SUITE_P(AtEachFrame, UploadCutTest, ::testing::Range(0, 5));

TEST_F(UploadTest, SendsADamagedChunkAgain) {
  server_.datasets.corrupts = {kChunk, 4 * kChunk};
  EXPECT_OK(Upload());
  EXPECT_EQ(server_.datasets.content[0], content_);
  EXPECT_EQ(server_.datasets.frames_at[0], 3);
}

TEST_F(UploadTest, GivesUpWithoutProgress) {
  options_.max_resumes = 3;
  server_.datasets.cut_after = {1, 1, 1, 1, 1, 1, 1, 1};
  EXPECT_THAT(Upload(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("cut")));
  EXPECT_EQ(server_.datasets.cut_after.size(), 4u);
}

TEST_F(UploadTest, AChangedFileIsNoticed) {
  v1::CreateDatasetRequest request;
  request.set_dataset_id("d");
  ASSERT_OK_AND_ASSIGN(*request.mutable_dataset()->add_files(),
                       DeclareFile(path_, v1::DatasetFile::ROLE_TRAIN));
  ASSERT_OK_AND_ASSIGN(const v1::Dataset created, client_->CreateDataset(request));
  options_.max_resumes = 2;
  content_[5] ^= 1;
  std::ofstream(path_, std::ios::binary) << content_;
  EXPECT_FALSE(UploadFile(*client_, created.name(), 0, path_, options_).ok());
}

TEST_F(UploadTest, AFileThatGrewIsNotSent) {
  v1::CreateDatasetRequest request;
  request.set_dataset_id("d");
  ASSERT_OK_AND_ASSIGN(*request.mutable_dataset()->add_files(),
                       DeclareFile(path_, v1::DatasetFile::ROLE_TRAIN));
  ASSERT_OK_AND_ASSIGN(const v1::Dataset created, client_->CreateDataset(request));
  std::ofstream(path_, std::ios::binary | std::ios::app) << "more";
  EXPECT_THAT(UploadFile(*client_, created.name(), 0, path_, options_),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("changed since")));
  EXPECT_EQ(server_.datasets.frames_at[0], 0);
}

TEST_F(UploadTest, FilesThatCannotBeSentAreNamed) {
  const auto declare = [](const std::string& path) {
    return DeclareFile(path, v1::DatasetFile::ROLE_TRAIN).status();
  };
  EXPECT_THAT(declare(folder_.File("none.csv")),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("none.csv")));
  EXPECT_THAT(declare(folder_.path()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("is a folder")));
  std::ofstream(folder_.File("empty.csv"));
  EXPECT_THAT(
      declare(folder_.File("empty.csv")),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("empty.csv: the file is empty")));
}

TEST_F(UploadTest, DeclaresNameSizeAndHash) {
  ASSERT_OK_AND_ASSIGN(const v1::DatasetFile file, DeclareFile(path_, v1::DatasetFile::ROLE_TEST));
  EXPECT_EQ(file.filename(), "table.csv");
  EXPECT_EQ(file.role(), v1::DatasetFile::ROLE_TEST);
  EXPECT_EQ(file.size_bytes(), static_cast<int64_t>(content_.size()));
  EXPECT_EQ(file.sha256(), HashOf(content_));
}

}  // namespace
}  // namespace winnow::client
