// Macros for functions that return absl::Status or absl::StatusOr. The client sees nothing of the
// kernels, so it has its own.
#ifndef WINNOW_CLIENT_CPP_STATUS_MACROS_H_
#define WINNOW_CLIENT_CPP_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define WINNOW_CLIENT_CONCAT_INNER_(a, b) a##b
#define WINNOW_CLIENT_CONCAT_(a, b) WINNOW_CLIENT_CONCAT_INNER_(a, b)

// Evaluates an expression of type absl::Status; returns it from the enclosing function if not OK.
#define RETURN_IF_ERROR(expr)                                      \
  do {                                                             \
    absl::Status winnow_client_status_ = (expr);                   \
    if (!winnow_client_status_.ok()) return winnow_client_status_; \
  } while (false)

// Evaluates an absl::StatusOr expression; on error returns its status, else assigns the value to
// `lhs`, which may declare a variable.
#define ASSIGN_OR_RETURN(lhs, expr) \
  WINNOW_CLIENT_ASSIGN_(WINNOW_CLIENT_CONCAT_(winnow_client_or_, __LINE__), lhs, expr)

#define WINNOW_CLIENT_ASSIGN_(var, lhs, expr) \
  auto var = (expr);                          \
  if (!var.ok()) return var.status();         \
  lhs = *std::move(var)

#endif  // WINNOW_CLIENT_CPP_STATUS_MACROS_H_
