# Finds Apache Arrow C++ 19 or later with Parquet and Dataset; defines winnow::arrow.
#
# From an installed Arrow where its package configuration is found, else from the headers and shared
# libraries inside a pyarrow wheel: in WINNOW_PYARROW_DIR, or in the environment that deploy/setup.sh
# makes in build/venv.
#
# What was found in the wheel of pyarrow 20.0.0 (manylinux_2_28, Python 3.9 to 3.13), on Debian 12:
# - Built with GCC 12 and the C++11 string ABI (_GLIBCXX_USE_CXX11_ABI=1), like every current
#   distribution. (manylinux2014 wheels are not; glibc 2.28 or later makes pip take the right one.)
# - Headers need C++17 and compile as C++20 with GCC 12 and Clang 14. A file that includes arrow/api.h,
#   arrow/csv/api.h and parquet/arrow/reader.h costs 3.4 s with GCC, 2.9 s with Clang, before our code.
# - libarrow, libarrow_acero and libarrow_dataset export nothing but arrow:: and weak std:: templates;
#   what they bundle (Abseil, Protobuf, gRPC, RE2, zlib, ...) is hidden. A server of gRPC 1.51 that
#   reads CSV and Parquet in the same process works.
# - libparquet exports the whole of its bundled OpenSSL 3.3.1 (4,203 symbols), in all wheels looked at
#   (18 to 26). Loaded before the system's libcrypto, it takes over that library's symbols, and the
#   libssl of gRPC then runs on another release's libcrypto. So libssl and libcrypto stand before it in
#   the link line, --no-as-needed: then every program has one OpenSSL, the system's. libparquet itself
#   calls OpenSSL for encrypted Parquet files only, which we do not read. The test
#   tests/unit/kernels/data/import/arrow_symbols_test.cc asks a process with both whose symbols it has.
# - Loading the four libraries costs a program 25 ms and 37 MB resident.
# - The libraries refer to each other through $ORIGIN; a program needs a run path to their folder only.

set(WINNOW_ARROW_MINIMUM 19)
find_package(OpenSSL QUIET)

set(_arrow_version "")
set(_arrow_libraries "")
find_package(Arrow CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
find_package(ArrowDataset CONFIG QUIET)
if(Arrow_FOUND AND Parquet_FOUND AND ArrowDataset_FOUND
   AND Arrow_VERSION VERSION_GREATER_EQUAL WINNOW_ARROW_MINIMUM)
  set(_arrow_version "${Arrow_VERSION}")
  set(_arrow_libraries ArrowDataset::arrow_dataset_shared Parquet::parquet_shared Arrow::arrow_shared)
  set(WINNOW_ARROW_SOURCE "installed package")
else()
  file(GLOB _pyarrow_candidates "${CMAKE_SOURCE_DIR}/build/venv/lib/python3*/site-packages/pyarrow")
  find_path(
    WINNOW_PYARROW_DIR include/arrow/util/config.h
    PATHS ${_pyarrow_candidates}
    DOC "Folder pyarrow of an installed pyarrow wheel"
    NO_DEFAULT_PATH)
  if(WINNOW_PYARROW_DIR)
    file(STRINGS "${WINNOW_PYARROW_DIR}/include/arrow/util/config.h" _arrow_config
         REGEX "ARROW_VERSION_STRING|define ARROW_SO_VERSION")
    if("${_arrow_config}" MATCHES "ARROW_VERSION_STRING \"([0-9.]+)\"")
      set(_arrow_version "${CMAKE_MATCH_1}")
    endif()
    string(REGEX MATCH "ARROW_SO_VERSION \"([0-9]+)\"" _arrow_so "${_arrow_config}")
    set(_arrow_so "${CMAKE_MATCH_1}")
    set(WINNOW_ARROW_SOURCE "${WINNOW_PYARROW_DIR}")
    foreach(_library arrow_dataset arrow_acero parquet arrow)
      set(_file "${WINNOW_PYARROW_DIR}/lib${_library}.so.${_arrow_so}")
      if(NOT EXISTS "${_file}")
        set(_arrow_libraries "")
        break()
      endif()
      if(NOT TARGET winnow::wheel_${_library})
        add_library(winnow::wheel_${_library} SHARED IMPORTED)
        set_target_properties(
          winnow::wheel_${_library} PROPERTIES IMPORTED_LOCATION "${_file}"
                                               IMPORTED_SONAME "lib${_library}.so.${_arrow_so}")
      endif()
      list(APPEND _arrow_libraries winnow::wheel_${_library})
    endforeach()
  endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  WinnowArrow
  REQUIRED_VARS WINNOW_ARROW_SOURCE _arrow_libraries OPENSSL_FOUND
  VERSION_VAR _arrow_version
  REASON_FAILURE_MESSAGE "run deploy/setup.sh, which installs it in build/venv")

if(WinnowArrow_FOUND AND NOT TARGET winnow::arrow)
  add_library(winnow::arrow INTERFACE IMPORTED)
  target_link_libraries(winnow::arrow INTERFACE ${_arrow_libraries})
  # As options, which stand before all libraries: among the libraries CMake keeps the last of two
  # mentions, and other targets (gRPC, our SHA-256) mention OpenSSL as well.
  target_link_options(
    winnow::arrow
    INTERFACE
      "SHELL:-Wl,--push-state,--no-as-needed ${OPENSSL_SSL_LIBRARY} ${OPENSSL_CRYPTO_LIBRARY} -Wl,--pop-state"
  )
  if(WINNOW_PYARROW_DIR)
    target_include_directories(winnow::arrow SYSTEM INTERFACE "${WINNOW_PYARROW_DIR}/include")
    # For `cmake --install`: the libraries go beside the programs.
    install(IMPORTED_RUNTIME_ARTIFACTS ${_arrow_libraries} LIBRARY DESTINATION lib/winnow)
    # The run path of the programs (winnow_binary), in the build.
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
    file(CREATE_LINK "${WINNOW_PYARROW_DIR}" "${CMAKE_BINARY_DIR}/lib/winnow" SYMBOLIC)
  endif()
endif()
mark_as_advanced(WINNOW_PYARROW_DIR)
