# Every library of others that the tree uses. deploy/setup.sh installs them.

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
# Protobuf before gRPC. Releases up to 21 install no package configuration of their own on Debian, so
# CMake's module finds them; later ones need the configuration, because it names Abseil and utf8_range.
find_package(Protobuf CONFIG QUIET)
if(NOT Protobuf_FOUND)
  find_package(Protobuf MODULE REQUIRED)
endif()
find_package(absl CONFIG REQUIRED)
find_package(gRPC CONFIG REQUIRED)
find_package(DNNL REQUIRED)
find_package(prometheus-cpp CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(spdlog CONFIG REQUIRED)
find_package(nlohmann_json CONFIG REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(ISAL REQUIRED)
find_package(WinnowArrow REQUIRED)
if(WINNOW_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
endif()
if(WINNOW_BUILD_BENCH)
  find_package(benchmark CONFIG REQUIRED)
endif()

# yaml-cpp before 0.8 exports a target without a namespace.
if(TARGET yaml-cpp AND NOT TARGET yaml-cpp::yaml-cpp)
  add_library(yaml-cpp::yaml-cpp ALIAS yaml-cpp)
endif()
