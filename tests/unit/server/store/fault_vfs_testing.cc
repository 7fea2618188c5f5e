#include "tests/unit/server/store/fault_vfs_testing.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>

namespace winnow::store {
namespace {

std::atomic<int64_t> g_countdown{0};
std::atomic<int> g_error{SQLITE_OK};
std::atomic<bool> g_forever{false};
std::atomic<bool> g_failed{false};

// SQLITE_OK, or the planned error.
int Change() {
  if (g_failed && g_forever) return g_error;
  if (g_countdown == 0 || --g_countdown > 0) return SQLITE_OK;
  g_failed = true;
  return g_error;
}

// The default layer's own file begins right behind ours, in the memory that SQLite gives to xOpen.
struct FaultFile {
  sqlite3_file base;
  sqlite3_io_methods methods;
};

sqlite3_file* Real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<FaultFile*>(file) + 1);
}

template <auto kMember, typename... Args>
int Forward(sqlite3_file* file, Args... args) {
  return (Real(file)->pMethods->*kMember)(Real(file), args...);
}

int Write(sqlite3_file* file, const void* data, int size, sqlite3_int64 offset) {
  const int code = Change();
  if (code == SQLITE_OK) return Real(file)->pMethods->xWrite(Real(file), data, size, offset);
  Real(file)->pMethods->xWrite(Real(file), data, size / 2, offset);  // torn
  return code;
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int code = Change();
  return code != SQLITE_OK ? code : Real(file)->pMethods->xTruncate(Real(file), size);
}

// Nothing here outlives the process, so that nothing needs the disk.
int Sync(sqlite3_file*, int) { return SQLITE_OK; }

int ShmMap(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return Real(file)->pMethods->xShmMap(Real(file), region, size, extend, memory);
}

void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }

sqlite3_io_methods MakeMethods() {
  sqlite3_io_methods methods;
  std::memset(&methods, 0, sizeof(methods));
  methods.iVersion = 2;
  methods.xClose = &Forward<&sqlite3_io_methods::xClose>;
  methods.xRead = &Forward<&sqlite3_io_methods::xRead, void*, int, sqlite3_int64>;
  methods.xWrite = &Write;
  methods.xTruncate = &Truncate;
  methods.xSync = &Sync;
  methods.xFileSize = &Forward<&sqlite3_io_methods::xFileSize, sqlite3_int64*>;
  methods.xLock = &Forward<&sqlite3_io_methods::xLock, int>;
  methods.xUnlock = &Forward<&sqlite3_io_methods::xUnlock, int>;
  methods.xCheckReservedLock = &Forward<&sqlite3_io_methods::xCheckReservedLock, int*>;
  methods.xFileControl = &Forward<&sqlite3_io_methods::xFileControl, int, void*>;
  methods.xSectorSize = &Forward<&sqlite3_io_methods::xSectorSize>;
  methods.xDeviceCharacteristics = &Forward<&sqlite3_io_methods::xDeviceCharacteristics>;
  methods.xShmMap = &ShmMap;
  methods.xShmLock = &Forward<&sqlite3_io_methods::xShmLock, int, int, int>;
  methods.xShmBarrier = &ShmBarrier;
  methods.xShmUnmap = &Forward<&sqlite3_io_methods::xShmUnmap, int>;
  return methods;
}

sqlite3_vfs* Default() {
  static sqlite3_vfs* const vfs = sqlite3_vfs_find("unix");
  return vfs;
}

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  const int code = Default()->xOpen(Default(), name, Real(file), flags, out_flags);
  if (Real(file)->pMethods == nullptr) return code;
  FaultFile* fault = reinterpret_cast<FaultFile*>(file);
  fault->methods = MakeMethods();
  file->pMethods = &fault->methods;
  return code;
}

}  // namespace

const char* FaultVfs::Name() {
  static sqlite3_vfs* const vfs = [] {
    auto* made = new sqlite3_vfs(*Default());
    made->zName = "winnow-fault";
    made->szOsFile = static_cast<int>(sizeof(FaultFile)) + Default()->szOsFile;
    made->pNext = nullptr;
    made->xOpen = &Open;
    sqlite3_vfs_register(made, /*makeDflt=*/0);
    return made;
  }();
  return vfs->zName;
}

void FaultVfs::FailNth(int64_t nth, int error, bool forever) {
  g_error = error;
  g_forever = forever;
  g_failed = false;
  g_countdown = nth;
}

bool FaultVfs::HasFailed() { return g_failed; }

}  // namespace winnow::store
