#include "server/base/ids.h"

#include <set>

#include "gtest/gtest.h"

namespace winnow::server {
namespace {

TEST(IdsTest, AcceptsOneToSixtyThreeCharacters) {
  for (const std::string& good :
       {std::string("a"), std::string("7"), std::string("a-b"), std::string("adult-2"),
        std::string(63, 'a'), std::string("a--b")}) {
    EXPECT_TRUE(IsValidId(good)) << good;
  }
  for (const std::string& bad :
       {std::string(), std::string("-a"), std::string("a-"), std::string("-"), std::string("A"),
        std::string("a_b"), std::string("a.b"), std::string("a/b"), std::string(64, 'a'),
        std::string("a b"), std::string("ä"), std::string("a\0b", 3)}) {
    EXPECT_FALSE(IsValidId(bad)) << bad;
  }
}

TEST(IdsTest, ArtifactsMayHaveDotsAndUnderscoresInside) {
  EXPECT_TRUE(IsValidArtifactId("selection.json"));
  EXPECT_TRUE(IsValidArtifactId("a_b-c.d"));
  EXPECT_FALSE(IsValidArtifactId(".."));
  EXPECT_FALSE(IsValidArtifactId(".hidden"));
  EXPECT_FALSE(IsValidArtifactId("a/b"));
}

TEST(IdsTest, RequestIdsAreUuids) {
  EXPECT_TRUE(IsValidRequestId("123e4567-e89b-42d3-a456-426614174000"));
  EXPECT_TRUE(IsValidRequestId("123E4567-E89B-42D3-A456-426614174000"));
  EXPECT_FALSE(IsValidRequestId("123e4567e89b42d3a456426614174000"));
  EXPECT_FALSE(IsValidRequestId("123e4567-e89b-42d3-a456-42661417400g"));
  EXPECT_FALSE(IsValidRequestId(""));
}

TEST(IdsTest, GeneratedJobIdsAreValidAndDiffer) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = SystemIdSource()->NewJobId();
    EXPECT_EQ(id.size(), 17u);
    EXPECT_EQ(id[0], 'j');
    EXPECT_TRUE(IsValidId(id)) << id;
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(IdsTest, SecretsAreLongAndDiffer) {
  const std::string a = SystemIdSource()->NewSecret();
  const std::string b = SystemIdSource()->NewSecret();
  EXPECT_EQ(a.size(), 64u);
  EXPECT_TRUE(EqualSecrets(a, a));
  EXPECT_FALSE(EqualSecrets(a, b));
  EXPECT_FALSE(EqualSecrets(a, a.substr(1)));
}

}  // namespace
}  // namespace winnow::server
