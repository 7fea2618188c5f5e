#include "tests/faults/fault_loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "gtest/gtest.h"
#include "tests/support/temp_dir.h"

namespace winnow::faults {
namespace {

constexpr int kMostCalls = 5000;  // more means that a scenario does not end
// Marks what was acknowledged after a failed sync, when nobody knows what the disk has.
const std::string kLate = "late: ";

// The whole of a child: never returns.
[[noreturn]] void RunChild(const Scenario& scenario, const test::TempDir& dir, Fault fault,
                           int nth) {
  // Its log is of use only to who looks into a failure.
  std::freopen(dir.File("log").c_str(), "w", stderr);
  const int acknowledged = ::open(dir.File("acknowledged").c_str(), O_WRONLY | O_CREAT, 0600);
  Watch(dir.File("files"), dir.File("report"), fault, nth);
  scenario.run(dir.File("files"), [acknowledged](const std::string& what) {
    const std::string line = (SyncHasFailed() ? kLate : "") + what + "\n";
    if (::write(acknowledged, line.data(), line.size()) < 0) std::abort();
  });
  WriteReport();
  ::_exit(0);
}

std::set<std::string> LinesOf(const std::string& path) {
  std::ifstream file(path);
  std::set<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.insert(line);
  return lines;
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Runs once; whether the n-th call was reached.
bool RunOnce(const Scenario& scenario, Fault fault, int nth) {
  const test::TempDir dir;
  const std::string folder = dir.File("files");
  std::filesystem::create_directory(folder);
  if (scenario.prepare) scenario.prepare(folder);
  const pid_t child = ::fork();
  if (child == 0) RunChild(scenario, dir, fault, nth);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  const bool aborted = WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
  // An abort leaves no report of its own: only a failed sync may end the process so.
  Report report = ReadReport(dir.File("report"));
  const bool died = aborted || fault == Fault::kDeath;
  if (aborted) {
    EXPECT_TRUE(scenario.sync_is_fatal) << "it aborted\n" << TextOf(dir.File("log"));
    EXPECT_NE(TextOf(dir.File("log")).find("sync"), std::string::npos)
        << "it aborted for another reason\n"
        << TextOf(dir.File("log"));
    report.failed = true;
  } else {
    EXPECT_TRUE(WIFEXITED(status)) << "status " << status << "\n" << TextOf(dir.File("log"));
  }
  EXPECT_EQ(report.sync_again, "") << "a failed sync was repeated";
  if (fault == Fault::kDeath && report.failed) LosePower(folder, report);
  const std::set<std::string> acknowledged = LinesOf(dir.File("acknowledged"));
  for (const std::string& what : acknowledged) {
    EXPECT_NE(what.rfind(kLate, 0), 0u) << what << ", after a failed " << report.call;
  }
  scenario.check(folder, acknowledged, died && report.failed);
  EXPECT_FALSE(testing::Test::HasFailure())
      << "call " << nth << ", " << report.call << ": " << FaultName(fault) << "\n"
      << TextOf(dir.File("log"));
  return report.failed;
}

}  // namespace

int RunLoop(const Scenario& scenario, Fault fault) {
  for (int nth = 1; nth < kMostCalls; ++nth) {
    const bool failed = RunOnce(scenario, fault, nth);
    if (failed && !testing::Test::HasFailure()) continue;
    std::printf("%s: %d calls\n", FaultName(fault), nth - 1);
    return nth - 1;
  }
  ADD_FAILURE() << "more than " << kMostCalls << " calls";
  return kMostCalls;
}

}  // namespace winnow::faults
