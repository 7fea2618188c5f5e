#include "tests/faults/fault_calls.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>

namespace winnow::faults {
namespace {

namespace fs = std::filesystem;

template <typename Function>
Function Next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

constexpr int kDeathStatus = 99;

struct State {
  std::recursive_mutex mutex;  // the report is written with the calls that it guards
  std::string folder;          // with a slash at its end; empty: not watching
  std::string report_path;
  Fault fault = Fault::kNone;
  int64_t nth = 0;
  int64_t count = 0;
  Report report;
  int broken_fd = -1;                     // its next write meets a full disk
  std::map<int, std::string> paths;       // of open files
  std::map<std::string, int64_t> synced;  // size at the last sync
  std::set<std::string> unsyncable;       // its sync failed, and nothing was written since
};

State& TheState() {
  static auto* const state = new State;
  return *state;
}

bool IsBelow(const State& state, const char* path) {
  return !state.folder.empty() && std::string(path).rfind(state.folder, 0) == 0;
}

void Save(const State& state) {
  std::ofstream file(state.report_path);
  file << state.report.failed << "\n"
       << state.report.was_sync << "\n"
       << state.report.call << "\n"
       << state.report.sync_again << "\n";
  for (const auto& [path, size] : state.synced) file << size << " " << path << "\n";
}

// Counts a call. The errno it shall meet, or 0. REQUIRES: the mutex is held.
int Meet(State& state, const char* call, const std::string& path, bool is_write, bool is_sync) {
  if (state.fault == Fault::kNone || (state.fault == Fault::kShortWrite && !is_write)) return 0;
  if (++state.count != state.nth) return 0;
  state.report.failed = true;
  state.report.was_sync = is_sync;
  state.report.call = std::string(call) + " " + path;
  if (state.fault == Fault::kDeath) {
    Save(state);
    ::_exit(kDeathStatus);
  }
  return state.fault == Fault::kInputOutput ? EIO : ENOSPC;
}

int Fail(int error) {
  errno = error;
  return -1;
}

int Open(const char* name, const char* path, int flags, mode_t mode) {
  static const auto next = Next<int (*)(const char*, int, ...)>("open64");
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  if (!IsBelow(state, path)) return next(path, flags, mode);
  const bool changes = (flags & (O_CREAT | O_TRUNC)) != 0 || (flags & O_DIRECTORY) != 0;
  if (const int error = changes ? Meet(state, name, path, false, false) : 0) return Fail(error);
  const int fd = next(path, flags, mode);
  if (fd < 0) return fd;
  state.paths[fd] = path;
  if (flags & O_TRUNC) state.unsyncable.erase(path);
  return fd;
}

// What a watched descriptor is called; empty for the others.
std::string PathOf(const State& state, int fd) {
  const auto found = state.paths.find(fd);
  return found == state.paths.end() ? "" : found->second;
}

// Writes by `write`, which takes a number of bytes.
template <typename Write>
ssize_t WriteTo(const char* name, int fd, size_t size, const Write& write) {
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  const std::string path = PathOf(state, fd);
  if (path.empty()) return write(size);
  if (state.broken_fd == fd) {
    state.broken_fd = -1;
    return Fail(ENOSPC);
  }
  if (const int error = Meet(state, name, path, true, false)) {
    if (state.fault != Fault::kShortWrite) return Fail(error);
    state.broken_fd = fd;
    size /= 2;
    if (size == 0) return Fail(ENOSPC);
  }
  state.unsyncable.erase(path);
  return write(size);
}

int Sync(const char* name, int fd) {
  static const auto next = Next<int (*)(int)>("fsync");
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  const std::string path = PathOf(state, fd);
  if (path.empty()) return next(fd);
  if (state.unsyncable.count(path) > 0) state.report.sync_again = path;
  if (const int error = Meet(state, name, path, false, true)) {
    state.unsyncable.insert(path);
    return Fail(error);
  }
  struct stat info;
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) state.synced[path] = info.st_size;
  return 0;  // the page cache outlives the processes of a test; waiting for a disk proves nothing
}

int Truncate(const char* name, int fd, off_t size) {
  static const auto next = Next<int (*)(int, off_t)>("ftruncate64");
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  const std::string path = PathOf(state, fd);
  if (path.empty()) return next(fd, size);
  if (const int error = Meet(state, name, path, false, false)) return Fail(error);
  state.unsyncable.erase(path);
  return next(fd, size);
}

int Rename(const char* from, const char* to) {
  static const auto next = Next<int (*)(const char*, const char*)>("rename");
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  if (!IsBelow(state, to)) return next(from, to);
  if (const int error = Meet(state, "rename to", to, false, false)) return Fail(error);
  const int result = next(from, to);
  if (result != 0) return result;
  const auto synced = state.synced.find(from);
  const int64_t size = synced == state.synced.end() ? 0 : synced->second;
  state.synced.erase(from);
  state.synced[to] = size;
  for (auto& [fd, path] : state.paths) {
    if (path == from) path = to;
  }
  return 0;
}

int Close(int fd) {
  static const auto next = Next<int (*)(int)>("close");
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  state.paths.erase(fd);
  return next(fd);
}

}  // namespace

const char* FaultName(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "no fault";
    case Fault::kNoSpace:
      return "no space";
    case Fault::kInputOutput:
      return "input/output error";
    case Fault::kShortWrite:
      return "short write";
    case Fault::kDeath:
      return "death and power loss";
  }
  return "";
}

void Watch(const std::string& folder, const std::string& report, Fault fault, int64_t nth) {
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      state.synced[entry.path().string()] = static_cast<int64_t>(entry.file_size());
    }
  }
  state.folder = folder + "/";
  state.report_path = report;
  state.fault = fault;
  state.nth = nth;
}

void WriteReport() {
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  Save(state);
}

bool SyncHasFailed() {
  State& state = TheState();
  std::lock_guard<std::recursive_mutex> lock(state.mutex);
  return state.report.was_sync;
}

Report ReadReport(const std::string& path) {
  std::ifstream file(path);
  Report report;
  std::string line;
  std::getline(file, line);
  report.failed = line == "1";
  std::getline(file, line);
  report.was_sync = line == "1";
  std::getline(file, report.call);
  std::getline(file, report.sync_again);
  std::stringstream rest;
  rest << file.rdbuf();
  report.synced = rest.str();
  return report;
}

void LosePower(const std::string& folder, const Report& report) {
  std::map<std::string, uintmax_t> sizes;
  std::istringstream lines(report.synced);
  uintmax_t size = 0;
  std::string path;
  while (lines >> size && std::getline(lines >> std::ws, path)) sizes[path] = size;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const auto found = sizes.find(entry.path().string());
    const uintmax_t kept = found == sizes.end() ? 0 : found->second;
    if (kept < entry.file_size()) fs::resize_file(entry.path(), kept);
  }
}

}  // namespace winnow::faults

// In front of libc's. Both names of each: code compiled with and without _FILE_OFFSET_BITS=64.
extern "C" {

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return winnow::faults::Open("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = va_arg(arguments, mode_t);
  va_end(arguments);
  return winnow::faults::Open("open", path, flags, mode);
}

ssize_t write(int fd, const void* bytes, size_t size) {
  static const auto next = winnow::faults::Next<ssize_t (*)(int, const void*, size_t)>("write");
  return winnow::faults::WriteTo("write", fd, size, [&](size_t n) { return next(fd, bytes, n); });
}

ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) {
  static const auto next =
      winnow::faults::Next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return winnow::faults::WriteTo("pwrite", fd, size,
                                 [&](size_t n) { return next(fd, bytes, n, offset); });
}

ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  return pwrite64(fd, bytes, size, offset);
}

int fsync(int fd) { return winnow::faults::Sync("fsync", fd); }
int fdatasync(int fd) { return winnow::faults::Sync("fdatasync", fd); }
int ftruncate64(int fd, off64_t size) noexcept {
  return winnow::faults::Truncate("ftruncate", fd, size);
}
int ftruncate(int fd, off_t size) noexcept {
  return winnow::faults::Truncate("ftruncate", fd, size);
}
int rename(const char* from, const char* to) noexcept { return winnow::faults::Rename(from, to); }
int close(int fd) { return winnow::faults::Close(fd); }

}  // extern "C"
