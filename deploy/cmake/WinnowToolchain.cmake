# Compiler, linker and flags for the whole tree.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "Build type" FORCE)
endif()

if(NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(WINNOW_CCACHE ccache)
  if(WINNOW_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${WINNOW_CCACHE}")
  endif()
endif()

find_program(WINNOW_MOLD mold)
if(WINNOW_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# The flags of our own code, generated code included. No -march=native: a binary must run on any
# x86-64; see winnow_simd_sources for files that use wider instructions.
add_library(winnow_flags INTERFACE)
add_library(winnow::flags ALIAS winnow_flags)
# -ffp-contract=off: a*b+c is rounded the same way wherever the compiler inlines it; where a fused
# multiply-add is wanted, the code says so with std::fma or an intrinsic. Never -ffast-math.
# -ffile-prefix-map: no path of the build machine in binaries and messages.
target_compile_options(
  winnow_flags INTERFACE -ffp-contract=off -fno-omit-frame-pointer
                         "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
                         "-ffile-prefix-map=${CMAKE_BINARY_DIR}/=")
target_include_directories(winnow_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_definitions(winnow_flags INTERFACE "WINNOW_VERSION=\"${PROJECT_VERSION}\"")
if(WINNOW_SANITIZE)
  target_compile_options(winnow_flags INTERFACE "-fsanitize=${WINNOW_SANITIZE}")
  target_link_options(winnow_flags INTERFACE "-fsanitize=${WINNOW_SANITIZE}")
  if(WINNOW_SANITIZE MATCHES "undefined")
    # vptr needs the type information of every library; the wheel's Arrow hides some.
    target_compile_options(winnow_flags INTERFACE -fno-sanitize-recover=undefined -fno-sanitize=vptr)
  endif()
endif()

# Warnings, for code that people wrote. A designated initializer may name some members and leave the
# others at their defaults: Budget{.max_count = 6}.
add_library(winnow_warnings INTERFACE)
add_library(winnow::warnings ALIAS winnow_warnings)
target_compile_options(winnow_warnings INTERFACE -Wall -Wextra -Wnon-virtual-dtor
                                                 -Woverloaded-virtual
                                                 -Wno-missing-field-initializers)
if(WINNOW_WERROR)
  target_compile_options(winnow_warnings INTERFACE -Werror)
endif()
