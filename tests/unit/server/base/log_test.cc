#include "server/base/log.h"

#include <nlohmann/json.hpp>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::server {
namespace {

constexpr char kTime[] = "2026-01-02T03:04:05.678Z";

TEST(LogTest, TextQuotesValuesThatAreNotOneWord) {
  EXPECT_EQ(
      FormatLogLine(LogFormat::kText, LogLevel::kWarning, kTime, "worker\nended",
                    {{"job", "tenants/t/jobs/j"}, {"error", "a \"b\"\nc"}, {"empty", ""}}),
      "2026-01-02T03:04:05.678Z W worker ended job=tenants/t/jobs/j error=\"a \\\"b\\\"\\nc\" "
      "empty=\"\"");
}

TEST(LogTest, JsonIsOneObjectWhateverTheBytes) {
  const std::string line = FormatLogLine(LogFormat::kJson, LogLevel::kInfo, kTime,
                                         "bad byte \xff {} \n", {{"attempt", "3"}});
  const nlohmann::json parsed = nlohmann::json::parse(line, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << line;
  EXPECT_EQ(parsed["level"], "info");
  EXPECT_EQ(parsed["attempt"], "3");
  EXPECT_EQ(line.find('\n'), std::string::npos);
}

TEST(LogTest, OptionsSayWhatIsAllowed) {
  LogOptions options;
  EXPECT_TRUE(ParseLogOptions("debug", "json", &options).ok());
  EXPECT_EQ(options.level, LogLevel::kDebug);
  EXPECT_EQ(options.format, LogFormat::kJson);
  EXPECT_THAT(std::string(ParseLogOptions("loud", "json", &options).message()),
              testing::HasSubstr("expected debug, info, warning or error, got \"loud\""));
  EXPECT_FALSE(ParseLogOptions("info", "xml", &options).ok());
}

TEST(LogTest, LinesBelowTheLevelAreNotWritten) {
  testing::internal::CaptureStderr();
  InitLogging({LogLevel::kWarning, LogFormat::kText});
  LogInfo("quiet");
  LogWarning("percent %d and {} stay", {{"job", "j"}});
  InitLogging({});
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, testing::HasSubstr(" W percent %d and {} stay job=j\n"));
  EXPECT_THAT(text, testing::Not(testing::HasSubstr("quiet")));
}

}  // namespace
}  // namespace winnow::server
