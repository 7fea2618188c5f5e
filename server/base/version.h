// The version of this build, from the project's CMake version.
#ifndef WINNOW_SERVER_BASE_VERSION_H_
#define WINNOW_SERVER_BASE_VERSION_H_

namespace winnow::server {

inline constexpr char kVersion[] = WINNOW_VERSION;

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_VERSION_H_
