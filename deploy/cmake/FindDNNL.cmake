# Finds oneDNN and defines DNNL::dnnl.
#
# Debian builds oneDNN with its OpenCL run-time, and its package configuration then demands the OpenCL
# development files, which nothing here uses. So we look for the header and the library ourselves.
find_path(DNNL_INCLUDE_DIR oneapi/dnnl/dnnl.hpp)
find_library(DNNL_LIBRARY dnnl)

if(DNNL_INCLUDE_DIR AND EXISTS "${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h")
  file(STRINGS "${DNNL_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h" _dnnl_lines
       REGEX "^#define DNNL_VERSION_(MAJOR|MINOR|PATCH) +[0-9]+")
  set(DNNL_VERSION "")
  foreach(_part MAJOR MINOR PATCH)
    if("${_dnnl_lines}" MATCHES "DNNL_VERSION_${_part} +([0-9]+)")
      string(APPEND DNNL_VERSION "${CMAKE_MATCH_1}.")
    endif()
  endforeach()
  string(REGEX REPLACE "\\.$" "" DNNL_VERSION "${DNNL_VERSION}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(
  DNNL REQUIRED_VARS DNNL_LIBRARY DNNL_INCLUDE_DIR VERSION_VAR DNNL_VERSION)

if(DNNL_FOUND AND NOT TARGET DNNL::dnnl)
  add_library(DNNL::dnnl UNKNOWN IMPORTED)
  set_target_properties(
    DNNL::dnnl PROPERTIES IMPORTED_LOCATION "${DNNL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                               "${DNNL_INCLUDE_DIR}")
endif()
mark_as_advanced(DNNL_INCLUDE_DIR DNNL_LIBRARY)
