// The command line against a server in this process: exit statuses, and what goes to which stream.
#include "client/cli/app.h"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/support/temp_dir.h"
#include "tests/unit/client/cpp/fake_server_testing.h"

namespace winnow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;
using Json = nlohmann::json;

constexpr char kJob[] = "tenants/default/jobs/j1";

struct Outcome {
  int status = -1;
  std::string out, err;
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    std::istringstream stream(out);
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
};

class AppTest : public ::testing::Test {
 protected:
  AppTest() {
    server_.jobs.job.set_name(kJob);
    server_.jobs.sends_progress = true;
    EndIn(v1::Job::STATE_SUCCEEDED);
  }

  void EndIn(v1::Job::State state) {
    server_.jobs.log = client::MakeLog(4, state);
    server_.jobs.job.set_state(state);
  }

  Outcome Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"--server", server_.address()});
    std::ostringstream out, err;
    Outcome outcome;
    outcome.status = RunMain(arguments, out, err);
    outcome.out = out.str();
    outcome.err = err.str();
    return outcome;
  }

  std::string Write(const std::string& name, const std::string& content) {
    const std::string path = folder_.File(name);
    std::ofstream(path, std::ios::binary) << content;
    return path;
  }

  std::string JobFile() {
    return Write("job.yaml", "dataset: d\nfeature_selection: {budget: {max_count: 2}}\n");
  }

  test::TempDir folder_;
  client::FakeServer server_;
};

TEST_F(AppTest, BadUsageIsStatus2AndSaysWhat) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"nonsense"},
                                                    {"show"},
                                                    {"watch", "j1", "--from", "-1"},
                                                    {"jobs", "--nonsense"},
                                                    {"jobs", "--label", "novalue"}}) {
    const Outcome outcome = Run(arguments);
    EXPECT_EQ(outcome.status, 2) << outcome.err;
    EXPECT_THAT(outcome.err, StartsWith("winnow: "));
    EXPECT_EQ(outcome.out, "");
  }
}

TEST_F(AppTest, HelpAndVersionAreResults) {
  EXPECT_THAT(Run({"--version"}).out, StartsWith("winnow "));
  EXPECT_THAT(Run({"submit", "--help"}).out, HasSubstr("--dry-run"));
  EXPECT_EQ(Run({"--help"}).status, 0);
}

TEST_F(AppTest, AServerThatIsNotThereIsStatus3AndNamed) {
  server_.Stop();
  const Outcome outcome = Run({"jobs"});
  EXPECT_EQ(outcome.status, 3);
  EXPECT_THAT(outcome.err, HasSubstr(server_.address()));
  EXPECT_EQ(outcome.out, "");
}

TEST_F(AppTest, ARefusalIsStatus2InBothForms) {
  const Outcome text = Run({"show", "other"});
  EXPECT_EQ(text.status, 2);
  EXPECT_EQ(text.err, "winnow: no job other\n");
  const Outcome json = Run({"show", "other", "--json"});
  EXPECT_EQ(json.status, 2);
  const Json error = Json::parse(json.err)["error"];
  EXPECT_EQ(error["code"], "NOT_FOUND");
  EXPECT_EQ(error["reason"], "JOB_NOT_FOUND");
}

TEST_F(AppTest, SubmitPrintsTheNameAndSendsWhatTheFileSays) {
  const Outcome outcome =
      Run({"submit", JobFile(), "--set", "training.seed=3", "--request-id", "r"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.lines(), ElementsAre(kJob));
  ASSERT_THAT(server_.jobs.created, SizeIs(1));
  const v1::CreateJobRequest& request = server_.jobs.created[0];
  EXPECT_EQ(request.request_id(), "r");
  EXPECT_EQ(request.job().spec().training().seed(), 3);
  EXPECT_EQ(request.job().spec().feature_selection().budget().max_count(), 2);
  EXPECT_FALSE(request.validate_only());
}

TEST_F(AppTest, AWrongJobFileMakesNoJobAndTheServerIsOnlyAskedAboutTheRest) {
  const Outcome outcome = Run({"submit", Write("job.yaml", "feature_selektion: {}\ntraining: 3")});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("feature_selektion: unknown key; did you mean feature_selection?"));
  EXPECT_THAT(outcome.err, HasSubstr("training: expected a mapping, got 3 (line 2)"));
  ASSERT_THAT(server_.jobs.created, SizeIs(1));
  EXPECT_TRUE(server_.jobs.created[0].validate_only());
  EXPECT_EQ(server_.jobs.created[0].request_id(), "");
  // Where nothing could be read, there is nothing to ask.
  Run({"submit", Write("job.yaml", "feature_selektion: {}\n")});
  EXPECT_THAT(server_.jobs.created, SizeIs(1));
}

TEST_F(AppTest, SubmitWatchEndsWithTheNameAndTheFateOfTheJob) {
  EndIn(v1::Job::STATE_FAILED);
  server_.jobs.job.mutable_error()->set_code(9);
  server_.jobs.job.mutable_error()->set_message("the loss is not a number");
  const Outcome outcome = Run({"submit", JobFile(), "--watch"});
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.lines().back(), kJob);
  EXPECT_THAT(outcome.err, HasSubstr("picked 2: c2"));
  EXPECT_THAT(outcome.err, HasSubstr("FAILED: the loss is not a number"));
}

TEST_F(AppTest, SubmitWatchPrintsTheResultOfASuccess) {
  server_.artifacts.files[std::string(kJob) + "/artifacts/selection.json"] =
      R"({"task": "feature_selection", "selected": [{"rank": 1, "name": "age", "score": 0.5}]})";
  server_.artifacts.files[std::string(kJob) + "/artifacts/run.json"] =
      R"({"job": "j", "threads": 1})";
  const Outcome outcome = Run({"submit", JobFile(), "--watch"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("age"));
  EXPECT_THAT(outcome.lines().back(), kJob);
  const Outcome quiet = Run({"submit", JobFile(), "--watch", "--quiet"});
  EXPECT_THAT(quiet.lines(), ElementsAre(kJob));
  EXPECT_EQ(quiet.err, "");
}

TEST_F(AppTest, WatchPrintsDurableEventsAndTheStatusOfTheEnd) {
  const Outcome done = Run({"watch", "j1"});
  EXPECT_EQ(done.status, 2);  // the fake knows the full name alone
  const Outcome outcome = Run({"watch", kJob});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.lines(), ElementsAre("    1  state: pending", "    2  picked 2: c2",
                                           "    3  picked 3: c3", "    4  state: succeeded"));
  EndIn(v1::Job::STATE_CANCELLED);
  EXPECT_EQ(Run({"watch", kJob}).status, 1);
}

TEST_F(AppTest, WatchJsonPrintsEveryEventAndNoteOnALine) {
  server_.jobs.cut_after = 1;
  const Outcome outcome = Run({"watch", kJob, "--json", "--from", "2"});
  EXPECT_EQ(outcome.status, 0);
  std::vector<std::string> durable;
  for (const std::string& line : outcome.lines()) {
    const Json event = Json::parse(line);
    if (!event.contains("progress")) durable.push_back(event["sequence"]);
  }
  EXPECT_THAT(durable, ElementsAre("3", "4"));
  EXPECT_THAT(outcome.lines().back(), HasSubstr("state_changed"));
  EXPECT_THAT(outcome.err, HasSubstr("rejoining"));
}

TEST_F(AppTest, ListsAreJsonEvenWhenTheyAreEmpty) {
  const Json jobs = Json::parse(Run({"jobs", "--json"}).out);
  EXPECT_EQ(jobs["jobs"][0]["state"], "STATE_SUCCEEDED");
  server_.jobs.job.clear_name();
  EXPECT_EQ(Json::parse(Run({"jobs", "--json"}).out), Json::parse(R"({"jobs": []})"));
  EXPECT_EQ(Json::parse(Run({"dataset", "list", "--json"}).out),
            Json::parse(R"({"datasets": []})"));
}

TEST_F(AppTest, JobsAreFilteredByTheServer) {
  Run({"jobs", "--state", "running", "--label", "team=a\"b", "--label", "run=1"});
  EXPECT_THAT(server_.jobs.filters,
              ElementsAre(R"(state="RUNNING" AND labels.team="a\"b" AND labels.run="1")"));
}

TEST_F(AppTest, ShowJsonKeepsTheNamesOfTheContract) {
  const Json job = Json::parse(Run({"show", kJob, "--json"}).out);
  EXPECT_EQ(job["name"], kJob);
  EXPECT_EQ(job["last_sequence"], "4");
}

TEST_F(AppTest, ResultOfAJobWithoutOneSaysItsState) {
  EndIn(v1::Job::STATE_CANCELLED);
  const Outcome outcome = Run({"result", kJob});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("has no result: it is CANCELLED"));
}

TEST_F(AppTest, ImportUploadsAndSummarises) {
  const std::string table = Write("t.csv", "a,y\n1,0\n");
  const std::string test = Write("test.csv", "a,y\n2,1\n");
  const Outcome outcome =
      Run({"dataset", "import", table, "--test-file", test, "--id", "d1", "--target", "y"});
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("tenants/default/datasets/d1: active"));
  EXPECT_THAT(server_.datasets.content, ElementsAre("a,y\n1,0\n", "a,y\n2,1\n"));
  EXPECT_EQ(server_.datasets.dataset.schema().target().column(), "y");
  EXPECT_EQ(server_.datasets.dataset.files(1).role(), v1::DatasetFile::ROLE_TEST);
  EXPECT_EQ(server_.datasets.deletes, 0);
}

TEST_F(AppTest, AFailedImportLeavesNothingAndIsStatus2) {
  server_.datasets.import_error.set_code(static_cast<int>(absl::StatusCode::kUnavailable));
  server_.datasets.import_error.set_message("t.csv: row 3 has 4 values, expected 2");
  const Outcome outcome = Run({"dataset", "import", Write("t.csv", "a,y\n1,0\n"), "--id", "d1"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.err, "winnow: t.csv: row 3 has 4 values, expected 2\n");
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(server_.datasets.deletes, 1);
}

TEST_F(AppTest, AnIdThatIsTakenIsNotDeleted) {
  server_.datasets.refusal =
      client::RefusalOf(absl::StatusCode::kAlreadyExists, "DATASET_EXISTS", "d1 exists");
  const Outcome outcome = Run({"dataset", "import", Write("t.csv", "a,y\n1,0\n"), "--id", "d1"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(server_.datasets.deletes, 0);
}

TEST_F(AppTest, LogsThatTheServerDoesNotHaveAreSaidSo) {
  const Outcome outcome = Run({"logs", kJob});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("worker.log"));
}

TEST_F(AppTest, DownloadWritesTheFile) {
  server_.artifacts.files[std::string(kJob) + "/artifacts/run.json"] = "{}";
  const std::string path = folder_.File("out.json");
  EXPECT_EQ(Run({"download", kJob, "run.json", "-o", path, "--quiet"}).status, 0);
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  EXPECT_EQ(text.str(), "{}");
  EXPECT_EQ(Run({"download", kJob, "run.json", "-o", "-"}).out, "{}");
}

TEST_F(AppTest, CancelAsksForTheJob) {
  EXPECT_EQ(Run({"cancel", kJob}).status, 0);
  EXPECT_THAT(server_.jobs.cancelled, ElementsAre(kJob));
}

}  // namespace
}  // namespace winnow::cli
