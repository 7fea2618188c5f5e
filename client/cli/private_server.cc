#include "client/cli/private_server.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kStartLimit = absl::Seconds(30);
// A drain may take 25 s; this server's jobs are not wanted any more.
constexpr absl::Duration kEndLimit = absl::Seconds(10);
constexpr absl::Duration kPoll = absl::Milliseconds(20);
constexpr size_t kLongestSocketPath = 107;  // sun_path of sockaddr_un(7) without its final 0

// The winnowd beside this program; else the name alone, for PATH.
std::string FindServer() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  const fs::path beside = self.parent_path() / "winnowd";
  return !error && fs::exists(beside, error) ? beside.string() : "winnowd";
}

// Between fork and exec: calls that are safe after a fork of several threads alone. Does not
// return.
[[noreturn]] void Become(char* const* argv, const char* log, pid_t parent, int report) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);  // Ctrl-C at the terminal is for us alone
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDONLY);
  const int output = ::open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (null >= 0 && output >= 0 && ::dup2(null, 0) >= 0 && ::dup2(output, 1) >= 0 &&
      ::dup2(output, 2) >= 0) {
    ::execvp(argv[0], argv);
  }
  const int error = errno;
  (void)!::write(report, &error, sizeof(error));
  ::_exit(1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ScratchFolder>> ScratchFolder::Make() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  if (error)
    return absl::FailedPreconditionError("no folder for temporary files: " + error.message());
  std::string path = (parent / "winnow-run-XXXXXX").string();
  if (path.size() + 8 > kLongestSocketPath) path = "/tmp/winnow-run-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot make a folder like ", path, ": ", std::strerror(errno)));
  }
  return std::unique_ptr<ScratchFolder>(new ScratchFolder(path));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  if (!kept_) fs::remove_all(path_, ignored);
}

absl::StatusOr<std::unique_ptr<PrivateServer>> PrivateServer::Start(const std::string& folder) {
  std::vector<std::string> words = {FindServer(), absl::StrCat("--listen=unix:", folder, "/s"),
                                    "--http=off", absl::StrCat("--data_dir=", folder, "/data")};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string log = folder + "/winnowd.log";
  int report[2];
  if (::pipe2(report, O_CLOEXEC) != 0) {
    return absl::UnavailableError(absl::StrCat("pipe: ", std::strerror(errno)));
  }
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) Become(argv.data(), log.c_str(), parent, report[1]);
  const int fork_error = errno;
  ::close(report[1]);
  int error = pid < 0 ? fork_error : 0;
  // Ends at once when exec closed the other end.
  if (pid > 0 && ::read(report[0], &error, sizeof(error)) != sizeof(error)) error = 0;
  ::close(report[0]);
  if (error == 0) return std::unique_ptr<PrivateServer>(new PrivateServer(folder, pid));
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  return absl::UnavailableError(
      absl::StrCat("cannot start ", words[0], ": ", std::strerror(error)));
}

std::string PrivateServer::address() const { return absl::StrCat("unix:", folder_, "/s"); }

bool PrivateServer::HasEnded() {
  if (pid_ > 0 && ::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
  return pid_ == 0;
}

std::string PrivateServer::LogTail() const {
  constexpr size_t kMost = 2000;
  std::ifstream file(folder_ + "/winnowd.log", std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  const std::string whole = text.str();
  return whole.size() > kMost ? whole.substr(whole.size() - kMost) : whole;
}

absl::Status PrivateServer::WaitUntilReady(client::Client& client) {
  const absl::Time limit = absl::Now() + kStartLimit;
  while (true) {
    if (HasEnded()) {
      return absl::UnavailableError(absl::StrCat("winnowd ended at its start:\n", LogTail()));
    }
    std::error_code ignored;
    if (fs::exists(folder_ + "/s", ignored)) {
      const absl::Status status = client.ListJobs("").status();
      if (!client::IsUnreachable(status)) return status;
    }
    if (absl::Now() > limit) {
      return absl::UnavailableError(absl::StrCat(
          "winnowd does not answer after ", absl::FormatDuration(kStartLimit), ":\n", LogTail()));
    }
    RETURN_IF_ERROR(client.cancellation().Pause(kPoll));
  }
}

PrivateServer::~PrivateServer() {
  if (HasEnded()) return;
  ::kill(pid_, SIGTERM);
  const absl::Time limit = absl::Now() + kEndLimit;
  while (!HasEnded() && absl::Now() < limit) absl::SleepFor(kPoll);
  if (pid_ == 0) return;
  ::kill(-pid_, SIGKILL);  // the group that Become made
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace winnow::cli
