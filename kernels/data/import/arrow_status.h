// Arrow's errors as absl::Status.
#ifndef WINNOW_KERNELS_DATA_IMPORT_ARROW_STATUS_H_
#define WINNOW_KERNELS_DATA_IMPORT_ARROW_STATUS_H_

#include <string>

#include "absl/status/status.h"
#include "arrow/result.h"
#include "arrow/status.h"

namespace winnow::data {

// `where` says on which thing ("train.csv"). Memory: RESOURCE_EXHAUSTED; a file of the wrong
// content: INVALID_ARGUMENT; a device that fails: INTERNAL.
absl::Status FromArrow(const arrow::Status& status, const std::string& where);

}  // namespace winnow::data

// Assigns the value of an arrow::Result, or returns its error with `where`.
#define WINNOW_ASSIGN_FROM_ARROW(lhs, expr, where) \
  WINNOW_ASSIGN_FROM_ARROW_(WINNOW_CONCAT_(winnow_arrow_, __LINE__), lhs, expr, where)
#define WINNOW_ASSIGN_FROM_ARROW_(var, lhs, expr, where)                \
  auto var = (expr);                                                    \
  if (!var.ok()) return ::winnow::data::FromArrow(var.status(), where); \
  lhs = *std::move(var)

#endif  // WINNOW_KERNELS_DATA_IMPORT_ARROW_STATUS_H_
