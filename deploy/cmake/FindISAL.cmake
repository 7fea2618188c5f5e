# Finds Intel's ISA-L (CRC-32C of uploads and checkpoints) and defines ISAL::isal.
#
# crc32_iscsi in <isa-l/crc.h> leaves both inversions of the standard CRC-32C to its caller:
#   crc32c(data) = ~crc32_iscsi(data, size, ~0u)
find_path(ISAL_INCLUDE_DIR isa-l/crc.h)
find_library(ISAL_LIBRARY isal)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(ISAL REQUIRED_VARS ISAL_LIBRARY ISAL_INCLUDE_DIR)

if(ISAL_FOUND AND NOT TARGET ISAL::isal)
  add_library(ISAL::isal UNKNOWN IMPORTED)
  set_target_properties(
    ISAL::isal PROPERTIES IMPORTED_LOCATION "${ISAL_LIBRARY}" INTERFACE_INCLUDE_DIRECTORIES
                                                               "${ISAL_INCLUDE_DIR}")
endif()
mark_as_advanced(ISAL_INCLUDE_DIR ISAL_LIBRARY)
