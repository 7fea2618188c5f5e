#include <string>

#include "gtest/gtest.h"
#include "server/base/crc32c.h"
#include "server/base/sha256.h"
#include "tests/support/temp_dir.h"

namespace winnow::server {
namespace {

// FIPS 180-4 examples.
TEST(Sha256Test, KnownAnswers) {
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Sha256Test, DigestInTheMiddleDoesNotDisturbTheRest) {
  Sha256 hash;
  hash.Update("a", 1);
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("a"));
  hash.Update("bc", 2);
  EXPECT_EQ(hash.HexDigest(), Sha256Hex("abc"));
}

TEST(Sha256Test, HashesFilesLargerThanItsPieces) {
  test::TempDir dir;
  const std::string bytes((size_t{1} << 20) * 2 + 17, 'x');
  ASSERT_TRUE(WriteFileAtomic(*RealFileSystem(), dir.File("a"), bytes).ok());
  EXPECT_EQ(*Sha256HexOfFile(*RealFileSystem(), dir.File("a")), Sha256Hex(bytes));
  EXPECT_TRUE(IsSha256Hex(Sha256Hex("")));
  EXPECT_FALSE(IsSha256Hex("abc"));
  EXPECT_FALSE(IsSha256Hex(std::string(64, 'G')));
}

// RFC 3720, appendix B.4.
TEST(Crc32cTest, KnownAnswers) {
  EXPECT_EQ(Crc32c(std::string(32, '\0').data(), 32), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xff').data(), 32), 0x62A8AB43u);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending += static_cast<char>(i);
  EXPECT_EQ(Crc32c(ascending.data(), 32), 0x46DD794Eu);
  EXPECT_EQ(Crc32c("123456789", 9), 0xE3069283u);
  EXPECT_EQ(Crc32c("", 0), 0u);
}

TEST(Crc32cTest, FastPathEqualsTheTableAtEverySizeAndSplit) {
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i * 37 + 11);
  for (size_t size = 0; size <= bytes.size(); ++size) {
    const uint32_t expected = internal::ExtendCrc32cPortable(0, bytes.data(), size);
    ASSERT_EQ(Crc32c(bytes.data(), size), expected) << size;
    const size_t half = size / 3;
    ASSERT_EQ(ExtendCrc32c(Crc32c(bytes.data(), half), bytes.data() + half, size - half), expected);
  }
}

}  // namespace
}  // namespace winnow::server
