#include "server/ops/whole_number.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace winnow::ops_http {

absl::StatusOr<int64_t> ParseWholeNumber(const std::string& text, int64_t least, int64_t most) {
  int64_t value = 0;
  if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return value;
  return absl::InvalidArgumentError(
      absl::StrCat("expected a whole number from ", least, " to ", most, ", got \"", text, "\""));
}

}  // namespace winnow::ops_http
