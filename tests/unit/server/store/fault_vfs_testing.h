// A file layer of SQLite whose n-th write fails, as on a full or a broken disk.
#ifndef WINNOW_TESTS_UNIT_SERVER_STORE_FAULT_VFS_TESTING_H_
#define WINNOW_TESTS_UNIT_SERVER_STORE_FAULT_VFS_TESTING_H_

#include <cstdint>

namespace winnow::store {

class FaultVfs {
 public:
  // The name to open a store with. Registered once per process.
  static const char* Name();

  // The `nth` write or truncation from now on (1 = the next) returns the SQLite code `error`; the
  // ones after it pass again unless `forever`. 0 = never.
  static void FailNth(int64_t nth, int error, bool forever);
  static bool HasFailed();
};

}  // namespace winnow::store

#endif  // WINNOW_TESTS_UNIT_SERVER_STORE_FAULT_VFS_TESTING_H_
