#include "kernels/data/import/arrow_status.h"

#include "absl/strings/str_cat.h"

namespace winnow::data {

absl::Status FromArrow(const arrow::Status& status, const std::string& where) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = absl::StrCat(where, ": ", status.message());
  if (status.IsOutOfMemory()) return absl::ResourceExhaustedError(text);
  if (status.IsCancelled()) return absl::CancelledError(text);
  if (status.IsUnknownError()) return absl::InternalError(text);
  // Arrow calls damaged files IOError as well as failing devices; the former are by far the usual
  // case.
  return absl::InvalidArgumentError(text);
}

}  // namespace winnow::data
