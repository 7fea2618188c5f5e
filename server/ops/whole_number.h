// Whole numbers of settings.
#ifndef WINNOW_SERVER_OPS_WHOLE_NUMBER_H_
#define WINNOW_SERVER_OPS_WHOLE_NUMBER_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace winnow::ops_http {

// INVALID_ARGUMENT "expected a whole number from LEAST to MOST, got …".
absl::StatusOr<int64_t> ParseWholeNumber(const std::string& text, int64_t least, int64_t most);

// Upper ends of settings that have no natural one.
inline constexpr int64_t kMaxCount = 1'000'000;
inline constexpr int64_t kMaxBytes = int64_t{1} << 50;

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_WHOLE_NUMBER_H_
