// The system calls of this program on files below one folder, counted; the n-th can be made to
// fail.
//
// The program that links fault_calls.cc gets its definitions of open, write, pwrite, fsync,
// fdatasync, rename and ftruncate in front of libc's, for all of its code and libraries (SQLite
// too). Nothing in what is tested knows of it.
#ifndef WINNOW_TESTS_FAULTS_FAULT_CALLS_H_
#define WINNOW_TESTS_FAULTS_FAULT_CALLS_H_

#include <cstdint>
#include <string>

namespace winnow::faults {

enum class Fault {
  kNone,
  kNoSpace,      // ENOSPC
  kInputOutput,  // EIO
  kShortWrite,   // half of the bytes, then ENOSPC; only writes count
  kDeath,        // the process ends before the call, and the machine loses power: see LosePower
};

const char* FaultName(Fault fault);

// Watches the files below `folder`, from zero: the `nth` call (1 = the first) meets `fault`, those
// after it pass. `report` is a path outside: what Report reads is written there when the process
// ends by a death, or by WriteReport. Call once per process. THREAD-SAFETY of the watched calls:
// any thread.
void Watch(const std::string& folder, const std::string& report, Fault fault, int64_t nth);
void WriteReport();
// The failed call was a sync.
bool SyncHasFailed();

// What a process has left behind.
struct Report {
  bool failed = false;     // the n-th call was reached
  std::string call;        // which it was, with its path
  bool was_sync = false;   // fsync or fdatasync
  std::string sync_again;  // a file whose sync was repeated, with nothing written, after it failed
  std::string synced;      // lines "SIZE PATH" of what a power loss leaves
};
Report ReadReport(const std::string& path);

// Cuts every file below `folder` to the size that it had when it was last synced; a file that was
// never synced becomes empty. Renames are kept: which of them a disk keeps is its affair, and the
// callers sync the folder before they acknowledge.
void LosePower(const std::string& folder, const Report& report);

}  // namespace winnow::faults

#endif  // WINNOW_TESTS_FAULTS_FAULT_CALLS_H_
