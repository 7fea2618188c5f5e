// Exit codes of winnow-worker that mean something to its launcher.
#ifndef WINNOW_SERVER_BASE_EXIT_CODES_H_
#define WINNOW_SERVER_BASE_EXIT_CODES_H_

namespace winnow::server {

// Memory could not be had (std::bad_alloc at the outermost handler): the job's own fault, not a
// crash. Beyond the codes that shells and <sysexits.h> use (64 to 78, 126 and up).
inline constexpr int kExitOutOfMemory = 86;

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_EXIT_CODES_H_
