#include "server/auth/credentials.h"

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/sha256.h"
#include "server/domain/error.h"
#include "tests/support/status_matchers.h"

namespace winnow::auth {
namespace {

using absl::StatusCode;
using domain::ReasonOf;
using test::StatusIs;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);  // 2027-01-15

std::string Hash(const std::string& token) { return server::Sha256Hex(token); }

Credentials MustParse(const std::string& text) {
  const auto parsed = Credentials::Parse("credentials", text);
  EXPECT_OK(parsed.status());
  return parsed.ok() ? *parsed : Credentials();
}

TEST(CredentialsTest, TokensAreFoundByTheirHash) {
  const Credentials credentials = MustParse(absl::StrCat(
      "# who may come in\n\n", "token ", Hash("one"), " ads submitter never ci  # nightly\r\n",
      "token\t", Hash("two"), "\tsearch admin 2030-01-01T00:00:00Z eve\n"));
  EXPECT_EQ(credentials.size(), 2u);
  ASSERT_OK_AND_ASSIGN(const Principal one, credentials.FindToken("one", kNow));
  EXPECT_EQ(one.tenant, "ads");
  EXPECT_EQ(one.role, Role::kSubmitter);
  EXPECT_EQ(one.subject, "ci");
  ASSERT_OK_AND_ASSIGN(const Principal two, credentials.FindToken("two", kNow));
  EXPECT_EQ(two.tenant, "search");
  EXPECT_EQ(two.role, Role::kAdmin);
}

TEST(CredentialsTest, AHashIsNoToken) {
  const Credentials credentials = MustParse("token " + Hash("one") + " ads reader never ci");
  for (const std::string& token :
       {Hash("one"), std::string(), std::string("on"), std::string("one ")}) {
    const absl::Status status = credentials.FindToken(token, kNow).status();
    EXPECT_EQ(status.code(), StatusCode::kUnauthenticated);
    EXPECT_EQ(ReasonOf(status), domain::reason::kTokenInvalid);
  }
}

TEST(CredentialsTest, ACredentialEndsAtItsTime) {
  const Credentials credentials =
      MustParse("token " + Hash("one") + " ads reader 2027-01-15T08:00:00Z ci\n" +
                "cert a.example ads reader 2027-01-15T08:00:00Z ci");
  const absl::Time end = kNow;
  EXPECT_EQ(absl::FormatTime(absl::RFC3339_full, end, absl::UTCTimeZone()),
            "2027-01-15T08:00:00+00:00");
  EXPECT_OK(credentials.FindToken("one", end - absl::Seconds(1)).status());
  EXPECT_EQ(ReasonOf(credentials.FindToken("one", end).status()), domain::reason::kTokenExpired);
  EXPECT_OK(credentials.FindCertificate({"a.example"}, end - absl::Seconds(1)).status());
  EXPECT_EQ(ReasonOf(credentials.FindCertificate({"a.example"}, end).status()),
            domain::reason::kTokenExpired);
}

TEST(CredentialsTest, CertificatesAreFoundByAnyOfTheirNames) {
  const Credentials credentials = MustParse("cert b.example ads reader never b");
  ASSERT_OK_AND_ASSIGN(const Principal found,
                       credentials.FindCertificate({"a.example", "b.example"}, kNow));
  EXPECT_EQ(found.subject, "b");
  EXPECT_EQ(ReasonOf(credentials.FindCertificate({"a.example", "B.example"}, kNow).status()),
            domain::reason::kTokenInvalid);
  // A name of a certificate is no token, and a token's hash no name.
  EXPECT_FALSE(credentials.FindToken("b.example", kNow).ok());
}

TEST(CredentialsTest, EveryBadLineIsNamed) {
  const std::string hash = Hash("one");
  const absl::Status status =
      Credentials::Parse("c", absl::StrCat("token ", hash, " ads reader never ci\n",     // 1: good
                                           "token winnow_secret ads reader never ci\n",  // 2
                                           "password x ads reader never ci\n",           // 3
                                           "token ", hash, " ads reader never ci\n",     // 4
                                           "cert a ADS reader never ci\n",               // 5
                                           "cert b ads owner never ci\n",                // 6
                                           "cert c ads reader 90d ci\n",                 // 7
                                           "cert d ads reader never\n"))                 // 8
          .status();
  EXPECT_THAT(status,
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("c:2: the credential of a token is its SHA-256"),
                             HasSubstr("c:3: expected token or cert"),
                             HasSubstr("c:4: the credential stands in an earlier line"),
                             HasSubstr("c:5: tenant \"ADS\""), HasSubstr("c:6: expected a role"),
                             HasSubstr("c:7: expected a time"), HasSubstr("c:8: expected 6"),
                             Not(HasSubstr("c:1:")), Not(HasSubstr("winnow_secret")))));
}

TEST(CredentialsTest, AMadeLineIsUnderstood) {
  Principal principal{"ads", "ci", Role::kSubmitter, kNow + absl::Hours(1)};
  const Credentials credentials = MustParse(TokenLine("tok", principal));
  ASSERT_OK_AND_ASSIGN(const Principal found, credentials.FindToken("tok", kNow));
  EXPECT_EQ(found.tenant, "ads");
  EXPECT_EQ(found.role, Role::kSubmitter);
  EXPECT_EQ(found.expires, principal.expires);
  EXPECT_THAT(TokenLine("tok", principal), Not(HasSubstr("tok ")));
}

TEST(CredentialsTest, Expiries) {
  EXPECT_EQ(*ParseExpiry("never", kNow), absl::InfiniteFuture());
  EXPECT_EQ(*ParseExpiry("2d", kNow), kNow + absl::Hours(48));
  EXPECT_EQ(*ParseExpiry("2027-01-15T08:00:00Z", kNow), kNow);
  for (const std::string text : {"", "d", "0d", "-1d", "tomorrow", "99999999d", "1.5d"}) {
    EXPECT_FALSE(ParseExpiry(text, kNow).ok()) << text;
  }
}

}  // namespace
}  // namespace winnow::auth
