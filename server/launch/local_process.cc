#include "server/launch/local_process.h"

#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/executor.h"
#include "server/base/failpoints.h"
#include "server/base/file_system.h"
#include "server/base/status.h"
#include "server/launch/supervisor.h"

extern char** environ;

namespace winnow::launch {
namespace {

// RLIMIT_DATA counts address space, also what is never touched: 8 MiB of stack for each of some 30
// threads of gRPC. RssAnon is held to the limit itself.
constexpr int64_t kAddressSpaceSlackBytes = int64_t{256} << 20;

// A sanitizer reserves terabytes of address space; RssAnon still counts what is used.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kLimitsAddressSpace = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
constexpr bool kLimitsAddressSpace = false;
#else
constexpr bool kLimitsAddressSpace = true;
#endif
#else
constexpr bool kLimitsAddressSpace = true;
#endif

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

class LocalProcessLauncher final : public Launcher {
 public:
  explicit LocalProcessLauncher(LocalProcessOptions options)
      : options_(std::move(options)), callbacks_(1), supervisor_(options_.poll_interval) {}

  absl::Status Launch(const LaunchSpec& spec, OnExit on_exit) override {
    RETURN_IF_ERROR(server::Failpoint("launch.spawn"));
    RETURN_IF_ERROR(server::RealFileSystem()->CreateDirectories(spec.directory));
    // The scheduler's answer to an exit may be another Launch, which waits for the supervisor's
    // thread. So the answer needs a thread of its own.
    const auto report = [this, attempt = spec.attempt,
                         on_exit = std::move(on_exit)](const domain::ExitInfo& exit) {
      callbacks_.Schedule([attempt, on_exit, exit] { on_exit(attempt, exit); });
    };
    return supervisor_.Start(spec.attempt.ToString(), MakeProcess(spec), spec.memory_limit_bytes,
                             report);
  }

  void Kill(const domain::AttemptId& attempt) override { supervisor_.Kill(attempt.ToString()); }

 private:
  ProcessSpec MakeProcess(const LaunchSpec& spec) const {
    ProcessSpec process;
    process.argv = options_.worker_argv;
    for (const std::string& word : {std::string("--server"), "unix:" + options_.server_socket,
                                    std::string("--attempt"), spec.attempt.ToString()}) {
      process.argv.push_back(word);
    }
    process.environment = PassedEnvironment();
    process.environment.insert(process.environment.end(), options_.environment.begin(),
                               options_.environment.end());
    process.environment.push_back("OMP_NUM_THREADS=1");
    process.environment.push_back("WINNOW_WORKER_SECRET=" + spec.secret);
    process.directory = spec.directory;
    process.output_file = spec.log_file;
    if (kLimitsAddressSpace && spec.memory_limit_bytes > 0) {
      process.data_limit_bytes = spec.memory_limit_bytes + kAddressSpaceSlackBytes;
    }
    return process;
  }

  const LocalProcessOptions options_;
  server::ThreadPoolExecutor callbacks_;  // destroyed after the supervisor: runs its last reports
  Supervisor supervisor_;
};

}  // namespace

std::unique_ptr<Launcher> MakeLocalProcessLauncher(LocalProcessOptions options) {
  return std::make_unique<LocalProcessLauncher>(std::move(options));
}

std::vector<std::string> PassedEnvironment() {
  static constexpr const char* kPrefixes[] = {
      "PATH=",         "HOME=",           "TMPDIR=",       "LANG=",          "LC_",
      "TZ=",           "WINNOW_",         "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "TSAN_OPTIONS=",
      "LSAN_OPTIONS=", "LD_LIBRARY_PATH="};
  std::vector<std::string> passed;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string variable = *entry;
    if (StartsWith(variable, "WINNOW_WORKER_SECRET=")) continue;
    for (const char* prefix : kPrefixes) {
      if (StartsWith(variable, prefix)) {
        passed.push_back(variable);
        break;
      }
    }
  }
  return passed;
}

}  // namespace winnow::launch
