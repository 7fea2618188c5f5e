#include "server/launch/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/posix_error.h"

namespace winnow::launch {
namespace {

using server::PosixError;
using server::UniqueFd;

// Raised so that the kernel, out of memory, ends a worker and not the server (range -1000 to 1000).
constexpr char kOomScoreAdjustment[] = "500";

// Added to a worker's nice value: the server answers while workers take every processor.
constexpr int kWorkerNiceness = 5;

// Of a child that someone else has waited for: nothing is known, so it counts as failed.
constexpr int kUnknownExitCode = 255;

// What a child that could not become the worker tells its parent.
struct Failure {
  int step;
  int error_number;
};

constexpr const char* kSteps[] = {"set up", "enter", "open output", "limit memory of", "execute"};
enum Step { kSetUp, kEnter, kOpenOutput, kLimit, kExecute };

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// Everything below runs between fork and exec: async-signal-safe calls only, no allocation.

[[noreturn]] void Fail(int pipe_fd, Step step) {
  const Failure failure{step, errno};
  if (::write(pipe_fd, &failure, sizeof(failure)) < 0) ::_exit(126);
  ::_exit(127);
}

// A server may ignore or block signals; its worker starts with the usual ones.
void ResetSignals() {
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

void RaiseOomScore() {
  const int fd = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0) return;  // no /proc: nothing to win
  if (::write(fd, kOomScoreAdjustment, sizeof(kOomScoreAdjustment) - 1) < 0) ::close(fd);
}

[[noreturn]] void BecomeWorker(const ProcessSpec& spec, char* const* argv, char* const* environment,
                               pid_t parent, int pipe_fd) {
  ::setpgid(0, 0);
  ResetSignals();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) Fail(pipe_fd, kSetUp);
  if (::getppid() != parent) ::_exit(127);  // the server died before the line above
  RaiseOomScore();
  ::setpriority(PRIO_PROCESS, 0, ::getpriority(PRIO_PROCESS, 0) + kWorkerNiceness);
  if (::chdir(spec.directory.c_str()) != 0) Fail(pipe_fd, kEnter);
  const int input = ::open("/dev/null", O_RDONLY);
  const int output = ::open(spec.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (input < 0 || output < 0 || ::dup2(input, 0) < 0 || ::dup2(output, 1) < 0 ||
      ::dup2(output, 2) < 0) {
    Fail(pipe_fd, kOpenOutput);
  }
  // Whatever forgot O_CLOEXEC must not reach the worker. Kernels before 5.11 do not know the call.
  ::syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
  if (spec.data_limit_bytes > 0) {
    const rlim_t bytes = static_cast<rlim_t>(spec.data_limit_bytes);
    const rlimit limit{bytes, bytes};
    if (::setrlimit(RLIMIT_DATA, &limit) != 0) Fail(pipe_fd, kLimit);
  }
  ::execve(argv[0], argv, environment);
  Fail(pipe_fd, kExecute);
}

absl::Status ReadFailure(int fd, const ProcessSpec& spec) {
  Failure failure;
  ssize_t got;
  do {
    got = ::read(fd, &failure, sizeof(failure));
  } while (got < 0 && errno == EINTR);
  if (got == 0) return absl::OkStatus();  // exec closed the pipe
  if (got != sizeof(failure)) return absl::InternalError("the worker died before it started");
  const std::string& what = failure.step == kEnter        ? spec.directory
                            : failure.step == kOpenOutput ? spec.output_file
                                                          : spec.argv[0];
  return PosixError(failure.error_number, kSteps[failure.step], what);
}

void WaitFor(pid_t pid) {
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace

absl::StatusOr<Process> Spawn(const ProcessSpec& spec) {
  if (spec.argv.empty()) return absl::InvalidArgumentError("a worker needs a command line");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return PosixError(errno, "open a pipe for", spec.argv[0]);
  const UniqueFd reading(ends[0]);
  UniqueFd writing(ends[1]);
  const std::vector<char*> argv = Pointers(spec.argv);
  const std::vector<char*> environment = Pointers(spec.environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return PosixError(errno, "fork for", spec.argv[0]);
  if (pid == 0) BecomeWorker(spec, argv.data(), environment.data(), parent, writing.get());
  ::setpgid(pid, pid);  // also here: KillGroup may come before the child has run
  writing.Reset();
  const absl::Status failure = ReadFailure(reading.get(), spec);
  if (!failure.ok()) {
    WaitFor(pid);
    return failure;
  }
  Process process;
  process.pid = pid;
  process.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0u)));
  return process;
}

void KillGroup(pid_t pid) { ::kill(-pid, SIGKILL); }

std::optional<Ended> Reap(pid_t pid) {
  siginfo_t info;
  std::memset(&info, 0, sizeof(info));
  const int code = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT);
  if (code != 0 && errno == ECHILD) return Ended{kUnknownExitCode, 0, 0};  // collected by another
  if (code != 0 || info.si_pid == 0) return std::nullopt;
  // The dead leader still holds the group's number, so that it cannot be anyone else's.
  KillGroup(pid);
  int status = 0;
  rusage usage;
  std::memset(&usage, 0, sizeof(usage));
  if (::wait4(pid, &status, 0, &usage) != pid) return std::nullopt;
  Ended ended;
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  ended.peak_rss_bytes = int64_t{usage.ru_maxrss} * 1024;
  return ended;
}

int64_t AnonymousRssBytes(pid_t pid) {
  const std::string path = absl::StrCat("/proc/", pid, "/status");
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return 0;
  char line[256];
  long long kilobytes = 0;
  while (std::fgets(line, sizeof(line), file) != nullptr) {
    if (std::sscanf(line, "RssAnon: %lld kB", &kilobytes) == 1) break;
  }
  std::fclose(file);
  return kilobytes * 1024;
}

}  // namespace winnow::launch
