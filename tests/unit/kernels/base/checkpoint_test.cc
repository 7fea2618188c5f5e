#include "kernels/base/checkpoint.h"

#include <sys/resource.h>

#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/base/rng.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow {
namespace {

using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Checkpoint Sample() {
  Checkpoint checkpoint;
  checkpoint.plan_version = 7;
  checkpoint.PutArray<float>("net/dense_0/weights", std::vector<float>{1.5f, -2.0f, 0.0f});
  checkpoint.PutValue<int64_t>("step", 42);
  checkpoint.Put("empty", "");
  checkpoint.Put("text", std::string("a\0b", 3));
  return checkpoint;
}

constexpr size_t kFooterBytes = 12;  // checksum and end mark

// `bytes` with the checksum that fits its content: CRC-32 of RFC 1952, bit by bit.
std::string Seal(std::string bytes) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i + kFooterBytes < bytes.size(); ++i) {
    crc ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320u : 0u);
  }
  for (int byte = 0; byte < 4; ++byte) {
    bytes[bytes.size() - kFooterBytes + byte] = static_cast<char>(~crc >> (8 * byte));
  }
  return bytes;
}

TEST(CheckpointTest, RoundTripKeepsEverySection) {
  const std::string bytes = EncodeCheckpoint(Sample());
  ASSERT_OK_AND_ASSIGN(const Checkpoint decoded, DecodeCheckpoint(bytes));
  EXPECT_EQ(Seal(bytes), bytes);
  EXPECT_EQ(decoded.plan_version, 7u);
  EXPECT_EQ(decoded.sections(), Sample().sections());
  EXPECT_THAT(*decoded.GetVector<float>("net/dense_0/weights"), ElementsAre(1.5f, -2.0f, 0.0f));
  EXPECT_EQ(*decoded.GetValue<int64_t>("step"), 42);
}

TEST(CheckpointTest, SameStateGivesTheSameBytesWhateverTheOrderOfPuts) {
  Checkpoint a, b;
  a.Put("x", "1");
  a.Put("y", "2");
  b.Put("y", "2");
  b.Put("x", "1");
  EXPECT_EQ(EncodeCheckpoint(a), EncodeCheckpoint(b));
}

TEST(CheckpointTest, MissingSectionIsNamed) {
  EXPECT_THAT(Sample().Get("nothing"),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("'nothing'")));
}

TEST(CheckpointTest, SectionOfAnotherSizeIsNamedWithBothSizes) {
  std::vector<float> out(5);
  EXPECT_THAT(Sample().GetArray("net/dense_0/weights", std::span<float>(out)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("12 bytes, expected 20")));
  EXPECT_THAT(Sample().GetVector<int64_t>("text"), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(CheckpointTest, EveryTruncationIsRefused) {
  const std::string bytes = EncodeCheckpoint(Sample());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_THAT(DecodeCheckpoint(std::span(bytes.data(), size)),
                StatusIs(absl::StatusCode::kDataLoss))
        << size;
  }
}

TEST(CheckpointTest, EverySingleFlippedBitIsRefused) {
  const std::string bytes = EncodeCheckpoint(Sample());
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_THAT(DecodeCheckpoint(damaged), StatusIs(absl::StatusCode::kDataLoss)) << bit;
  }
}

TEST(CheckpointTest, AppendedBytesAreRefused) {
  EXPECT_THAT(DecodeCheckpoint(EncodeCheckpoint(Sample()) + "x"),
              StatusIs(absl::StatusCode::kDataLoss));
}

TEST(CheckpointTest, AnotherFormatVersionIsNamed) {
  std::string bytes = EncodeCheckpoint(Sample());
  bytes[8] = 9;
  EXPECT_THAT(DecodeCheckpoint(Seal(bytes)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("format version 9, expected 1")));
}

TEST(CheckpointTest, SectionThatOccursTwiceIsRefused) {
  Checkpoint checkpoint;
  checkpoint.Put("a", "1");
  checkpoint.Put("b", "2");
  std::string bytes = EncodeCheckpoint(checkpoint);
  bytes[bytes.rfind('b', bytes.size() - kFooterBytes - 1)] = 'a';
  EXPECT_THAT(DecodeCheckpoint(Seal(bytes)),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr("'a' occurs twice")));
}

// Bytes that a forger could write: the checksum fits, lengths do not. A decoder that trusted them
// would read past the end or ask for endless memory (AddressSanitizer watches this test).
TEST(CheckpointTest, ForgedBytesBehindAValidChecksumNeverCrash) {
  const std::string sound = EncodeCheckpoint(Sample());
  const RngStream random(11, "test/checkpoint");
  int refused = 0;
  for (uint64_t round = 0; round < 5000; ++round) {
    std::string forged = sound;
    for (uint64_t change = 0; change < 3; ++change) {
      const uint64_t draw = 2 * (3 * round + change);
      const uint64_t place = 12 + random.Below(draw, forged.size() - 12 - kFooterBytes);
      forged[place] = static_cast<char>(random.Bits(draw + 1));
    }
    const absl::StatusOr<Checkpoint> decoded = DecodeCheckpoint(Seal(forged));
    if (decoded.ok()) continue;
    EXPECT_THAT(decoded, StatusIs(absl::StatusCode::kDataLoss));
    ++refused;
  }
  EXPECT_GT(refused, 1000);
}

TEST(CheckpointFileTest, WritesAndReadsBack) {
  const test::TempDir dir;
  const std::string path = dir.File("a.ckpt");
  ASSERT_OK(WriteCheckpointFile(path, Sample()));
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, ReadCheckpointFile(path));
  EXPECT_EQ(read.sections(), Sample().sections());
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(CheckpointFileTest, AbsentFileIsNotFoundAndADamagedOneIsNamed) {
  const test::TempDir dir;
  const std::string path = dir.File("a.ckpt");
  EXPECT_THAT(ReadCheckpointFile(path), StatusIs(absl::StatusCode::kNotFound, HasSubstr(path)));
  ASSERT_OK(WriteCheckpointFile(path, Sample()));
  std::filesystem::resize_file(path, 30);
  EXPECT_THAT(ReadCheckpointFile(path), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path)));
}

// A limit on the size of files stands in for a full disk: the write fails half way.
TEST(CheckpointFileTest, FailedWriteKeepsTheOldFileAndLeavesNothingElse) {
  const test::TempDir dir;
  const std::string path = dir.File("a.ckpt");
  ASSERT_OK(WriteCheckpointFile(path, Sample()));
  Checkpoint large;
  large.Put("big", std::string(1 << 20, 'x'));

  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
  const rlimit old_limit = limit;
  limit.rlim_cur = 1 << 16;
  std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const absl::Status status = WriteCheckpointFile(path, large);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &old_limit), 0);

  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, HasSubstr("a.ckpt")));
  ASSERT_OK_AND_ASSIGN(const Checkpoint read, ReadCheckpointFile(path));
  EXPECT_EQ(read.sections(), Sample().sections());
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(CheckpointTest, BorrowedArraysAreWrittenAsTheyAre) {
  const std::vector<float> values = {1, 2, 3};
  Checkpoint copied, borrowed;
  copied.PutArray("a", std::span<const float>(values));
  borrowed.BorrowArray("a", std::span<const float>(values));
  EXPECT_EQ(EncodeCheckpoint(borrowed), EncodeCheckpoint(copied));
  EXPECT_EQ(borrowed.sections().at("a").data(), reinterpret_cast<const char*>(values.data()));
  EXPECT_EQ(*borrowed.GetVector<float>("a"), values);
  Checkpoint empty;
  empty.BorrowArray("a", std::span<const float>());
  EXPECT_EQ(empty.sections().at("a"), "");
}

TEST(CheckpointTest, AReadFileOutlivesItsNameAndServesCopies) {
  const std::string path = ::testing::TempDir() + "/checkpoint_mapped";
  ASSERT_OK(WriteCheckpointFile(path, Sample()));
  Checkpoint copy;
  {
    ASSERT_OK_AND_ASSIGN(const Checkpoint read, ReadCheckpointFile(path));
    copy = read;
    std::remove(path.c_str());
  }
  EXPECT_EQ(copy.sections(), Sample().sections());
}

TEST(CheckpointTest, AnEmptyFileIsDamaged) {
  const std::string path = ::testing::TempDir() + "/checkpoint_empty";
  std::ofstream(path).flush();
  EXPECT_THAT(ReadCheckpointFile(path), StatusIs(absl::StatusCode::kDataLoss, HasSubstr(path)));
}

}  // namespace
}  // namespace winnow
