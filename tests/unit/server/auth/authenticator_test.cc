#include "server/auth/authenticator.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/base/sha256.h"
#include "server/domain/error.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::auth {
namespace {

using domain::ReasonOf;
using testing::HasSubstr;
using testing::Not;

class AuthenticatorTest : public testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(dir_.File("credentials")) << text; }
  static std::string Line(const std::string& token) {
    return absl::StrCat("token ", server::Sha256Hex(token), " ads reader never ", token, "\n");
  }
  std::unique_ptr<Authenticator> Load() {
    auto loaded = Authenticator::Load(server::RealFileSystem(), &clock_, dir_.File("credentials"));
    EXPECT_OK(loaded.status());
    return loaded.ok() ? *std::move(loaded) : nullptr;
  }
  static std::string SubjectOf(const Authenticator& authenticator, const std::string& header) {
    const auto found = authenticator.Authenticate({header, {}});
    return found.ok() ? found->subject : ReasonOf(found.status());
  }

  test::TempDir dir_;
  server::FakeClock clock_;
};

TEST_F(AuthenticatorTest, BearerTokensInAnyCaseOfTheScheme) {
  Write(Line("one"));
  const auto authenticator = Load();
  EXPECT_EQ(SubjectOf(*authenticator, "Bearer one"), "one");
  EXPECT_EQ(SubjectOf(*authenticator, "bearer one"), "one");
  for (const std::string header :
       {"", "one", "Basic one", "Bearer", "Bearer  one", "Bearer one "}) {
    EXPECT_EQ(SubjectOf(*authenticator, header), domain::reason::kTokenInvalid) << header;
  }
}

TEST_F(AuthenticatorTest, ARefusalDoesNotRepeatTheToken) {
  Write(Line("one"));
  const absl::Status status = Load()->Authenticate({"Bearer sesame", {}}).status();
  EXPECT_THAT(status.ToString(), Not(HasSubstr("sesame")));
}

TEST_F(AuthenticatorTest, ATokenCountsBeforeACertificate) {
  Write(Line("one") + "cert machine ads admin never machine\n");
  const auto authenticator = Load();
  EXPECT_EQ(authenticator->Authenticate({std::nullopt, {"machine"}})->subject, "machine");
  EXPECT_EQ(authenticator->Authenticate({"Bearer one", {"machine"}})->subject, "one");
  // A bad token is not made good by a certificate.
  EXPECT_EQ(ReasonOf(authenticator->Authenticate({"Bearer x", {"machine"}}).status()),
            domain::reason::kTokenInvalid);
  EXPECT_EQ(ReasonOf(authenticator->Authenticate({}).status()), domain::reason::kTokenMissing);
}

TEST_F(AuthenticatorTest, AnEmptyFileLetsNobodyIn) {
  Write("");
  EXPECT_EQ(SubjectOf(*Load(), "Bearer one"), domain::reason::kTokenInvalid);
}

TEST_F(AuthenticatorTest, ReloadTakesNewEntriesAndDropsOldOnes) {
  Write(Line("one"));
  const auto authenticator = Load();
  EXPECT_FALSE(*authenticator->ReloadIfChanged());
  Write(Line("two"));
  EXPECT_TRUE(*authenticator->ReloadIfChanged());
  EXPECT_EQ(SubjectOf(*authenticator, "Bearer one"), domain::reason::kTokenInvalid);
  EXPECT_EQ(SubjectOf(*authenticator, "Bearer two"), "two");
}

TEST_F(AuthenticatorTest, WhoWasLetInIsLookedAtAgain) {
  const std::string machine = "cert machine ads admin never machine\n";
  Write(Line("one") + machine);
  const auto authenticator = Load();
  const Principal one = *authenticator->Authenticate({"Bearer one", {}});
  const Principal by_certificate = *authenticator->Authenticate({std::nullopt, {"machine"}});
  EXPECT_EQ(one.credential, server::Sha256Hex("one"));
  const int64_t generation = authenticator->generation();
  EXPECT_FALSE(*authenticator->ReloadIfChanged());
  EXPECT_EQ(authenticator->generation(), generation);
  // Another tenant and role, and an end.
  const std::string end =
      absl::FormatTime(absl::RFC3339_full, clock_.Now() + absl::Minutes(1), absl::UTCTimeZone());
  Write(absl::StrCat("token ", server::Sha256Hex("one"), " search admin ", end, " one\n", machine));
  EXPECT_TRUE(*authenticator->ReloadIfChanged());
  EXPECT_GT(authenticator->generation(), generation);
  ASSERT_OK_AND_ASSIGN(const Principal changed, authenticator->Recheck(one));
  EXPECT_EQ(changed.tenant, "search");
  EXPECT_EQ(changed.role, Role::kAdmin);
  clock_.Advance(absl::Minutes(1));
  EXPECT_EQ(ReasonOf(authenticator->Recheck(one).status()), domain::reason::kTokenExpired);
  EXPECT_OK(authenticator->Recheck(by_certificate));
  // A token of the certificate's name does not stand for it, and the other way about.
  Write(Line("machine") + absl::StrCat("cert ", one.credential, " ads admin never x\n"));
  EXPECT_TRUE(*authenticator->ReloadIfChanged());
  for (const Principal& gone : {one, by_certificate}) {
    EXPECT_EQ(ReasonOf(authenticator->Recheck(gone).status()), domain::reason::kTokenInvalid);
  }
}

TEST_F(AuthenticatorTest, ABadFileChangesNothing) {
  Write(Line("one"));
  const auto authenticator = Load();
  Write("nonsense\n");
  EXPECT_FALSE(authenticator->ReloadIfChanged().ok());
  EXPECT_FALSE(authenticator->Reload().ok());
  EXPECT_EQ(SubjectOf(*authenticator, "Bearer one"), "one");
  EXPECT_FALSE(
      Authenticator::Load(server::RealFileSystem(), &clock_, dir_.File("credentials")).ok());
  EXPECT_FALSE(Authenticator::Load(server::RealFileSystem(), &clock_, dir_.File("absent")).ok());
}

}  // namespace
}  // namespace winnow::auth
