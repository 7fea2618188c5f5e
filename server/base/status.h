// The status macros (RETURN_IF_ERROR, ASSIGN_OR_RETURN) for server code: one definition, in
// kernels/base.
#ifndef WINNOW_SERVER_BASE_STATUS_H_
#define WINNOW_SERVER_BASE_STATUS_H_

#include "kernels/base/status.h"  // IWYU pragma: export

#endif  // WINNOW_SERVER_BASE_STATUS_H_
