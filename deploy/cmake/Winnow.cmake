# The functions with which every folder describes itself.
#
#   winnow_add_folders(FOLDER...)        add_subdirectory for those that have a CMakeLists.txt
#   winnow_library(NAME ...)             all sources of the folder as target winnow_NAME = winnow::NAME
#   winnow_binary(NAME ...)              a program, written to <build>/bin
#   winnow_generated_library(NAME ...)   sources that a generator wrote
#   winnow_simd_sources(ISA FILE...)     files that need instructions beyond x86-64's base set
#   winnow_unit_tests()                  one test program per folder below the current one
#
# What needs a library that no folder has defined is left out, and named: part of a tree can be built.

function(winnow_add_folders)
  foreach(folder IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt")
      add_subdirectory("${CMAKE_CURRENT_SOURCE_DIR}/${folder}" "${CMAKE_CURRENT_BINARY_DIR}/${folder}")
    endif()
  endforeach()
endfunction()

# winnow_library(NAME [PUBLIC lib...] [PRIVATE lib...] [OPTIONS flag...])
# Sources: *.cc and *.h of the folder, except main.cc, *_main.cc, *_test.cc and *_bench.cc. A folder of headers
# alone makes an INTERFACE library. PUBLIC is for what the folder's own headers include.
function(winnow_library name)
  cmake_parse_arguments(arg "" "" "PUBLIC;PRIVATE;OPTIONS" ${ARGN})
  winnow_reject_unknown("winnow_library(${name})" "${arg_UNPARSED_ARGUMENTS}")
  winnow_missing_targets(missing ${arg_PUBLIC} ${arg_PRIVATE})
  if(missing)
    message(NOTICE "winnow::${name} is left out: there is no ${missing}")
    return()
  endif()
  set(target "winnow_${name}")
  file(GLOB sources CONFIGURE_DEPENDS "*.cc")
  file(GLOB headers CONFIGURE_DEPENDS "*.h")
  list(FILTER sources EXCLUDE REGEX "((/|_)main|_test|_bench)\\.cc$")
  if(sources)
    add_library(${target} STATIC ${sources} ${headers})
    target_link_libraries(
      ${target}
      PUBLIC winnow::flags ${arg_PUBLIC}
      PRIVATE ${arg_PRIVATE} winnow::warnings)
    target_compile_options(${target} PRIVATE ${arg_OPTIONS})
    winnow_simd_sources_by_name(${sources})
  else()
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE winnow::flags ${arg_PUBLIC} ${arg_PRIVATE})
  endif()
  add_library(winnow::${name} ALIAS ${target})
endfunction()

# winnow_binary(NAME SOURCES file... [PRIVATE lib...])
function(winnow_binary name)
  cmake_parse_arguments(arg "" "" "SOURCES;PRIVATE" ${ARGN})
  winnow_reject_unknown("winnow_binary(${name})" "${arg_UNPARSED_ARGUMENTS}")
  winnow_missing_targets(missing ${arg_PRIVATE})
  if(missing)
    message(NOTICE "The program ${name} is left out: there is no ${missing}")
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_PRIVATE} winnow::flags winnow::warnings)
  # Where `cmake --install` puts the libraries that no distribution package provides. The build's
  # programs have the same run path (a link stands there for them): CMake ends a run path that is to be
  # replaced at installation with ':', and the loader takes an empty element for the current folder,
  # so that who owned that folder would choose the libraries.
  set_target_properties(
    ${name} PROPERTIES INSTALL_RPATH "$ORIGIN/../lib/winnow" BUILD_WITH_INSTALL_RPATH ON)
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# winnow_generated_library(NAME SOURCES lib...): target winnow_NAME = winnow::NAME of sources below
# <build>/gen, with our flags, without warnings; its headers are system headers to who links it.
function(winnow_generated_library name sources)
  set(target "winnow_${name}")
  add_library(${target} STATIC ${sources})
  add_library(winnow::${name} ALIAS ${target})
  target_include_directories(${target} SYSTEM PUBLIC "${CMAKE_BINARY_DIR}/gen")
  target_link_libraries(${target} PUBLIC winnow::flags ${ARGN})
  target_compile_options(${target} PRIVATE -w)
endfunction()

# Files named *_avx2.cc, *_avx512.cc and *_avx512_bf16.cc get their flags by their name.
function(winnow_simd_sources_by_name)
  foreach(isa avx2 avx512 avx512_bf16)
    set(files ${ARGN})
    list(FILTER files INCLUDE REGEX "_${isa}\\.cc$")
    winnow_simd_sources(${isa} ${files})
  endforeach()
endfunction()

# Such a file is called only after a check of the CPU at run time. It includes nothing that has inline
# functions (its own header and <immintrin.h>, <cstdint>, <cstddef> only): the linker keeps one copy of
# an inline function, and the copy compiled here would crash an older CPU elsewhere in the program.
function(winnow_simd_sources isa)
  if(NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$" OR NOT ARGN)
    return()
  endif()
  set(flags_avx2 -mavx2 -mfma)
  set(flags_avx512 ${flags_avx2} -mavx512f -mavx512bw -mavx512dq -mavx512vl
                   -mprefer-vector-width=512)
  set(flags_avx512_bf16 ${flags_avx512} -mavx512bf16)
  if(NOT DEFINED flags_${isa})
    message(FATAL_ERROR "winnow_simd_sources: unknown instruction set \"${isa}\"; "
                        "known: avx2, avx512, avx512_bf16")
  endif()
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS ${flags_${isa}})
endfunction()

# winnow_unit_tests(): every folder below with *_test.cc files becomes the program unit_<folder>, linked
# to the library of the same name. A file deps.txt in the folder names further targets, one a line.
function(winnow_unit_tests)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "*_test.cc")
  set(folders "")
  foreach(source IN LISTS sources)
    get_filename_component(folder "${source}" DIRECTORY)
    list(APPEND folders "${folder}")
  endforeach()
  list(REMOVE_DUPLICATES folders)
  foreach(folder IN LISTS folders)
    string(REPLACE "/" "_" name "${folder}")
    winnow_unit_test_folder("${folder}" "${name}")
  endforeach()
endfunction()

function(winnow_unit_test_folder folder name)
  file(GLOB files CONFIGURE_DEPENDS "${folder}/*_test.cc" "${folder}/*_testing.cc")
  set(extra "")
  set(deps_file "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/deps.txt")
  if(EXISTS "${deps_file}")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${deps_file}")
    file(STRINGS "${deps_file}" extra REGEX "^[^#]")
  endif()
  winnow_missing_targets(missing winnow::${name} ${extra})
  if(missing)
    message(NOTICE "The unit tests of ${folder} are left out: there is no ${missing}")
    return()
  endif()
  set(target "unit_${name}")
  add_executable(${target} ${files})
  target_link_libraries(
    ${target} PRIVATE winnow::${name} ${extra} winnow::test_support GTest::gmock GTest::gtest_main
                      winnow::warnings)
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(
    ${target} PROPERTIES LABELS unit TIMEOUT 600 ENVIRONMENT
                         "GTEST_OUTPUT=xml:${CMAKE_BINARY_DIR}/test-results/${target}.xml")
endfunction()

# Sets the variable `result` to those of our own libraries among ARGN that no folder has defined so far.
function(winnow_missing_targets result)
  set(missing "")
  foreach(library IN LISTS ARGN)
    if(library MATCHES "^winnow::" AND NOT TARGET ${library})
      list(APPEND missing ${library})
    endif()
  endforeach()
  set(${result} "${missing}" PARENT_SCOPE)
endfunction()

function(winnow_reject_unknown where words)
  if(words)
    message(FATAL_ERROR "${where}: unknown words: ${words}")
  endif()
endfunction()
