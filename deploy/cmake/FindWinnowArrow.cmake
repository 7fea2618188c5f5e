# Defines winnow::arrow: Arrow C++ with Parquet and Dataset.
find_package(Arrow CONFIG QUIET)
find_package(Parquet CONFIG QUIET)
find_package(ArrowDataset CONFIG QUIET)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(WinnowArrow REQUIRED_VARS Arrow_FOUND Parquet_FOUND ArrowDataset_FOUND)
if(WinnowArrow_FOUND AND NOT TARGET winnow::arrow)
  add_library(winnow::arrow INTERFACE IMPORTED)
  target_link_libraries(winnow::arrow INTERFACE ArrowDataset::arrow_dataset_shared Parquet::parquet_shared
                                                Arrow::arrow_shared)
endif()
