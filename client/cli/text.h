// Numbers, times and texts as people read them.
#ifndef WINNOW_CLIENT_CLI_TEXT_H_
#define WINNOW_CLIENT_CLI_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "google/protobuf/timestamp.pb.h"

namespace winnow::cli {

// 1234567 -> "1,234,567".
std::string CountText(int64_t count);

// 1536 -> "1.5 KiB".
std::string BytesText(int64_t bytes);

// 7 -> "7.0 s", 75 -> "1:15", 3675 -> "1:01:15".
std::string SecondsText(double seconds);

// Four significant digits: 0.31204 -> "0.3120", 12.3456 -> "12.35"; very small and very large
// numbers with an exponent.
std::string NumberText(double number);

// Decimals that show two significant digits of an interval's half width: 0 to 6.
int DecimalsOf(double half_width);

// "2026-01-31 12:00:00" in local time; "-" when it is not set.
std::string TimeText(const google::protobuf::Timestamp& time);

// What follows the last slash of a resource name.
std::string IdOf(const std::string& name);

// Columns of a terminal that the UTF-8 text takes: its characters.
size_t WidthOf(const std::string& text);

// At most `width` characters of it, the last of them "…" when some were cut.
std::string Clip(const std::string& text, size_t width);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_TEXT_H_
