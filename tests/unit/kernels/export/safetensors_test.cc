#include "kernels/export/safetensors.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace winnow::exporting {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SafetensorsTest : public ::testing::Test {
 protected:
  SafetensorsTest()
      : folder_(std::filesystem::path(::testing::TempDir()) /
                ("safetensors_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(folder_);
  }
  ~SafetensorsTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ / name; }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  const std::vector<float> a_ = {1, 2, 3, 4, 5, 6}, b_ = {-0.5f}, none_;
  const std::filesystem::path folder_;
};

TEST_F(SafetensorsTest, ReadsBackWhatWasWritten) {
  const TensorView tensors[] = {
      {"dense_0.weight", {2, 3}, a_}, {"b", {1}, b_}, {"e", {0, 4}, none_}};
  ASSERT_TRUE(WriteSafetensors(Path("w"), tensors, {{"task", "feature_selection"}}).ok());
  const auto file = ReadSafetensors(Path("w"));
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->metadata.at("task"), "feature_selection");
  EXPECT_THAT(file->tensors.at("dense_0.weight").shape, ElementsAre(2, 3));
  EXPECT_EQ(file->tensors.at("dense_0.weight").values, a_);
  EXPECT_EQ(file->tensors.at("b").values, b_);
  EXPECT_TRUE(file->tensors.at("e").values.empty());
}

TEST_F(SafetensorsTest, LayoutIsThatOfTheFormat) {
  const TensorView tensors[] = {{"z", {1}, b_}, {"a", {2, 3}, a_}};
  ASSERT_TRUE(WriteSafetensors(Path("w"), tensors, {}).ok());
  const std::string bytes = Read(Path("w"));
  const auto length = static_cast<unsigned char>(bytes[0]);
  EXPECT_EQ(length % 8, 0);
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  EXPECT_EQ(header, nlohmann::json::parse(
                        R"({"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},
                            "z":{"dtype":"F32","shape":[1],"data_offsets":[24,28]}})"));
  EXPECT_EQ(bytes.size(), 8u + length + 28u);
  EXPECT_FALSE(std::filesystem::exists(Path("w.tmp")));
}

TEST_F(SafetensorsTest, OrderOfTensorsDoesNotChangeTheBytes) {
  const TensorView one[] = {{"a", {6}, a_}, {"b", {1}, b_}};
  const TensorView two[] = {{"b", {1}, b_}, {"a", {6}, a_}};
  ASSERT_TRUE(WriteSafetensors(Path("1"), one, {{"x", "y"}}).ok());
  ASSERT_TRUE(WriteSafetensors(Path("2"), two, {{"x", "y"}}).ok());
  EXPECT_EQ(Read(Path("1")), Read(Path("2")));
}

TEST_F(SafetensorsTest, WrongShapesAndDoubleNamesAreRefused) {
  const TensorView shape[] = {{"a", {2, 2}, a_}};
  EXPECT_EQ(WriteSafetensors(Path("w"), shape, {}).code(), absl::StatusCode::kInvalidArgument);
  const TensorView twice[] = {{"a", {6}, a_}, {"a", {6}, a_}};
  EXPECT_EQ(WriteSafetensors(Path("w"), twice, {}).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_FALSE(std::filesystem::exists(Path("w")));
}

TEST_F(SafetensorsTest, EveryTruncationIsDataLoss) {
  const TensorView tensors[] = {{"a", {6}, a_}};
  ASSERT_TRUE(WriteSafetensors(Path("w"), tensors, {{"k", "v"}}).ok());
  const std::string bytes = Read(Path("w"));
  for (size_t size = 0; size < bytes.size(); ++size) {
    Write(Path("cut"), bytes.substr(0, size));
    EXPECT_EQ(ReadSafetensors(Path("cut")).status().code(), absl::StatusCode::kDataLoss) << size;
  }
}

TEST_F(SafetensorsTest, OffsetsOutsideTheFileAreDataLoss) {
  const std::string header = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}} )";
  std::string bytes(8, '\0');
  bytes[0] = static_cast<char>(header.size());
  Write(Path("w"), bytes + header + std::string(8, '\0'));
  const auto file = ReadSafetensors(Path("w"));
  EXPECT_EQ(file.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(file.status().message()), HasSubstr("tensor 'a'"));
}

TEST_F(SafetensorsTest, AMissingFileIsNotFound) {
  EXPECT_EQ(ReadSafetensors(Path("none")).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(SafetensorsTest, AFailedWriteKeepsTheOldFile) {
  const TensorView tensors[] = {{"a", {6}, a_}};
  ASSERT_TRUE(WriteSafetensors(Path("w"), tensors, {}).ok());
  const std::string before = Read(Path("w"));
  std::filesystem::create_directory(Path("w.tmp"));  // the temporary name cannot be opened
  EXPECT_FALSE(WriteSafetensors(Path("w"), {}, {}).ok());
  EXPECT_EQ(Read(Path("w")), before);
}

}  // namespace
}  // namespace winnow::exporting
