#include "server/ops/settings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "server/ops/command_line.h"
#include "server/ops/settings_file.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::ops_http {
namespace {

using absl::StatusCode;
using test::StatusIs;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

std::variant<Settings, EarlyExit> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "winnowd");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}
Settings MustParse(const std::vector<const char*>& arguments) {
  auto parsed = Parse(arguments);
  if (const auto* early = std::get_if<EarlyExit>(&parsed)) ADD_FAILURE() << early->output;
  return std::holds_alternative<Settings>(parsed) ? std::get<Settings>(parsed) : Settings();
}
EarlyExit MustExit(const std::vector<const char*>& arguments) {
  auto parsed = Parse(arguments);
  EXPECT_TRUE(std::holds_alternative<EarlyExit>(parsed));
  return std::holds_alternative<EarlyExit>(parsed) ? std::get<EarlyExit>(parsed) : EarlyExit();
}

class SettingsTest : public testing::Test {
 protected:
  std::string File(const std::string& text) {
    std::ofstream(dir_.File("winnow.yaml")) << text;
    return dir_.File("winnow.yaml");
  }
  test::TempDir dir_;
};

TEST_F(SettingsTest, NothingIsNeeded) {
  const Settings settings = MustParse({});
  EXPECT_EQ(settings.listen, "127.0.0.1:7070");
  EXPECT_EQ(settings.http, "127.0.0.1:7071");
  EXPECT_EQ(settings.data_dir, std::string(std::getenv("HOME")) + "/.local/share/winnow");
  EXPECT_GE(settings.worker_slots, 1);
  EXPECT_THAT(settings.worker, testing::EndsWith("/winnow-worker"));
  EXPECT_FALSE(settings.insecure);
}

TEST_F(SettingsTest, FlagsOfEveryType) {
  const Settings settings =
      MustParse({"--listen=127.0.0.1:1", "--http", "off", "--data_dir=/tmp/x/../y/", "--insecure",
                 "--worker_slots=3", "--allow_root", "/a", "--allow_root=/b", "--worker=/w",
                 "--log_format=json", "--log_level=debug", "--disk_floor_bytes=7"});
  EXPECT_EQ(settings.listen, "127.0.0.1:1");
  EXPECT_EQ(settings.http, "");
  EXPECT_EQ(settings.data_dir, "/tmp/y");
  EXPECT_TRUE(settings.insecure);
  EXPECT_EQ(settings.worker_slots, 3);
  EXPECT_THAT(settings.allow_roots, ElementsAre("/a", "/b"));
  EXPECT_EQ(settings.worker, "/w");
  EXPECT_EQ(settings.log_format, "json");
  EXPECT_EQ(settings.disk_floor_bytes, 7);
}

TEST_F(SettingsTest, APrivateServerHasNoHttpUnlessAskedTo) {
  EXPECT_EQ(MustParse({"--listen=unix:/tmp/w.sock"}).http, "");
  EXPECT_EQ(MustParse({"--listen=unix:/tmp/w.sock", "--http=127.0.0.1:0"}).http, "127.0.0.1:0");
}

TEST_F(SettingsTest, FlagsOverrideTheFile) {
  const std::string file = File(
      "# a comment\nlisten: 127.0.0.1:9\nworker_slots: 5\ninsecure: true\nallow_root: [/a, /b]\n");
  const Settings settings =
      MustParse({"--config", file.c_str(), "--worker_slots=2", "--insecure=false"});
  EXPECT_EQ(settings.listen, "127.0.0.1:9");
  EXPECT_EQ(settings.worker_slots, 2);
  EXPECT_FALSE(settings.insecure);
  EXPECT_THAT(settings.allow_roots, ElementsAre("/a", "/b"));
}

TEST_F(SettingsTest, AnEmptyFileSetsNothing) {
  EXPECT_EQ(MustParse({"--config", File("").c_str()}).listen, "127.0.0.1:7070");
}

TEST_F(SettingsTest, MistakesInTheFileHaveLinesAndComeAllAtOnce) {
  EXPECT_THAT(ParseSettingsFile("w.yaml", "listen: a\n\nlisen: b\nhttp: [1, 2]\nlisten: c\n"),
              StatusIs(StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("w.yaml:3: unknown key lisen; known: listen,"),
                             HasSubstr("w.yaml:4: http: expected one value"),
                             HasSubstr("w.yaml:5: listen is given twice"))));
  EXPECT_THAT(ParseSettingsFile("w.yaml", "a: [1\nb"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("w.yaml:")));
  EXPECT_THAT(ParseSettingsFile("w.yaml", "- a\n"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("KEY: VALUE")));
}

TEST_F(SettingsTest, BadValuesAreNamedWithTheirOrigin) {
  const std::string file = File("worker_slots: none\nlog_level: loud\n");
  const EarlyExit exit = MustExit({"--config", file.c_str(), "--listen=nowhere"});
  EXPECT_EQ(exit.status, 2);
  EXPECT_THAT(exit.output, HasSubstr(file + ":1: worker_slots: expected a whole number from 1"));
  EXPECT_THAT(exit.output, HasSubstr(file + ":2: log_level: log level: expected debug"));
  EXPECT_THAT(exit.output, HasSubstr("--listen: expected HOST:PORT or unix:PATH"));
}

TEST_F(SettingsTest, SingleTenantsHaveLimitsOfTheirOwn) {
  const std::string file = File(
      "tenant_limits:\n  ads: {queued_jobs: 50, running_jobs: 2}\n  search: {requests_per_s: 100}\n"
      "tenant_watchers: 9\n");
  const Settings settings = MustParse({"--config", file.c_str(), "--tenant_open_uploads=3"});
  EXPECT_EQ(settings.tenant.queued_jobs, 1000);
  EXPECT_EQ(settings.tenant.open_uploads, 3);
  ASSERT_EQ(settings.tenants.size(), 2u);
  const TenantLimits& ads = settings.tenants.at("ads");
  EXPECT_EQ(ads.queued_jobs, 50);
  EXPECT_EQ(ads.running_jobs, 2);
  EXPECT_EQ(ads.watchers, 9);  // what is not named is as for all, wherever that is said
  EXPECT_EQ(ads.open_uploads, 3);
  EXPECT_EQ(settings.tenants.at("search").queued_jobs, 1000);
  EXPECT_EQ(settings.tenants.at("search").requests_per_s, 100);
  const Settings flags =
      MustParse({"--tenant_limits=ads.stored_bytes=7", "--tenant_limits", "ads.watchers=1"});
  EXPECT_EQ(flags.tenants.at("ads").stored_bytes, 7);
  EXPECT_EQ(flags.tenants.at("ads").watchers, 1);
}

TEST_F(SettingsTest, EveryBadLimitOfATenantIsNamed) {
  const std::string file = File(
      "tenant_limits:\n  ads: {queued_jobs: 0, wachers: 1}\n  NOT AN ID: {watchers: 1}\n"
      "  search: {watchers: many}\n");
  const EarlyExit exit = MustExit({"--check-config", "--config", file.c_str()});
  EXPECT_EQ(exit.status, 2);
  const std::string origin = file + ":1: tenant_limits: ";
  EXPECT_THAT(exit.output, HasSubstr(origin + "ads.queued_jobs: expected a whole number from 1"));
  EXPECT_THAT(exit.output, HasSubstr(origin + "ads.wachers: unknown limit; known: queued_jobs,"));
  EXPECT_THAT(exit.output, HasSubstr(origin + "tenant \"NOT AN ID\" must"));
  EXPECT_THAT(exit.output, HasSubstr(origin + "search.watchers: expected a whole number"));
  for (const char* flag : {"ads", "ads.watchers", "ads=3", "watchers=3"}) {
    EXPECT_THAT(MustExit({"--tenant_limits", flag}).output, HasSubstr("TENANT.LIMIT=NUMBER"))
        << flag;
  }
  EXPECT_THAT(MustExit({"--tenant_limits=a.watchers=1", "--tenant_limits=a.watchers=2"}).output,
              HasSubstr("a.watchers: is given twice"));
  for (const char* text : {"tenant_limits: 3\n", "tenant_limits: {ads: 3}\n",
                           "tenant_limits: {ads: {watchers: [1]}}\n"}) {
    EXPECT_THAT(ParseSettingsFile("w.yaml", text),
                StatusIs(StatusCode::kInvalidArgument, HasSubstr("w.yaml:1: tenant_limits: ")))
        << text;
  }
}

// Whoever names files below an allowed folder must not reach what the server keeps.
TEST_F(SettingsTest, AllowedRootsAndTheServersOwnFilesLieApart) {
  namespace fs = std::filesystem;
  fs::create_directories(dir_.File("tables/sub"));
  fs::create_directories(dir_.File("data/datasets"));
  fs::create_directory_symlink(dir_.File("data"), dir_.File("link"));
  fs::create_directory_symlink(dir_.path(), dir_.File("up"));
  const auto check = [&](const std::string& root, const std::string& data_dir) {
    const std::string root_flag = "--allow_root=" + dir_.File(root);
    const std::string data_flag = "--data_dir=" + dir_.File(data_dir);
    auto parsed = Parse({"--check-config", root_flag.c_str(), data_flag.c_str()});
    return std::get<EarlyExit>(parsed).output;
  };
  const std::string good = "the configuration is good\n";
  EXPECT_EQ(check("tables", "data"), good);
  EXPECT_EQ(check("tables", "tables2"), good);  // a name is no prefix of another
  EXPECT_EQ(check("tables", "not/yet/there"), good);
  const auto below = HasSubstr(" lies below it, and with it the files of all tenants");
  EXPECT_THAT(check("tables", "tables/sub"), below);
  EXPECT_THAT(check("tables", "tables/not/yet"), below);
  EXPECT_THAT(check("data", "data"), below);
  EXPECT_THAT(check("data", "link"), below);
  EXPECT_THAT(check("link", "data/new"), below);
  EXPECT_THAT(check("up", "data"), below);
  EXPECT_THAT(check("tables", "data/../tables/x"), below);
  const auto above = HasSubstr(" contains it, and with it the files of all tenants");
  EXPECT_THAT(check("data/datasets", "data"), above);
  EXPECT_THAT(check("link/datasets", "data"), above);
  EXPECT_THAT(check("data/datasets", "up"), above);
  const std::string root = "--allow_root=" + dir_.File("tables");
  const std::string secret = "--credentials=" + dir_.File("tables/sub/credentials");
  EXPECT_THAT(MustExit({root.c_str(), secret.c_str()}).output,
              HasSubstr("--allow_root: " + dir_.File("tables") + ": credentials "));
}

TEST_F(SettingsTest, OtherMachinesAreRefusedUnlessInsecure) {
  for (const char* listen : {"--listen=0.0.0.0:7070", "--listen=[::]:7070", "--http=0.0.0.0:1"}) {
    const EarlyExit exit = MustExit({listen});
    EXPECT_EQ(exit.status, 2) << listen;
    EXPECT_THAT(exit.output, HasSubstr("--insecure")) << listen;
    EXPECT_TRUE(MustParse({listen, "--insecure"}).insecure);
  }
  for (const char* listen : {"--listen=127.0.0.1:1", "--listen=[::1]:1", "--listen=localhost:1"}) {
    MustParse({listen});
  }
}

TEST_F(SettingsTest, EarlyEnds) {
  EXPECT_EQ(MustExit({"--help"}).status, 0);
  EXPECT_THAT(MustExit({"--help"}).output, HasSubstr("--allow_root"));
  EXPECT_EQ(MustExit({"--version"}).status, 0);
  EXPECT_EQ(MustExit({"--check-config"}).status, 0);
  EXPECT_EQ(MustExit({"--check-config", "--worker_slots=0"}).status, 2);
  EXPECT_EQ(MustExit({"--lisen=x"}).status, 2);
  EXPECT_THAT(MustExit({"--lisen=x"}).output, HasSubstr("--lisen"));
  EXPECT_EQ(MustExit({"--config=/no/such/file.yaml"}).status, 2);
}

TEST_F(SettingsTest, EverySettingHasADocAndAnOwnName) {
  std::set<std::string> names;
  for (const Setting& setting : AllSettings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_NE(std::string(setting.doc), "");
    EXPECT_EQ(FindSetting(setting.name), &setting);
  }
  EXPECT_EQ(FindSetting("config"), nullptr);
}

}  // namespace
}  // namespace winnow::ops_http
