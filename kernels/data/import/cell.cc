#include "kernels/data/import/cell.h"

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace winnow::data {
namespace {

// Up to 15 digits, which a double holds exactly: the usual case, several times faster than the
// general one.
bool ParseShortInteger(std::string_view text, double* value) {
  const bool is_negative = !text.empty() && text[0] == '-';
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  if (digits.empty() || digits.size() > 15) return false;
  int64_t number = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  *value = static_cast<double>(is_negative ? -number : number);
  return true;
}

bool IsNan(std::string_view text) {
  return text.size() == 3 && (text[0] | 0x20) == 'n' && (text[1] | 0x20) == 'a' &&
         (text[2] | 0x20) == 'n';
}

}  // namespace

ParseResult ParseNumber(std::string_view text, double* value) {
  if (ParseShortInteger(text, value)) return ParseResult::kOk;
  if (IsNan(text)) return ParseResult::kNan;
  std::string_view rest = text;
  if (rest.size() > 1 && rest[0] == '+' && rest[1] != '-') rest.remove_prefix(1);
  const char* const end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, *value);
  if (stop != end || error == std::errc::invalid_argument) return ParseResult::kNotANumber;
  if (error == std::errc::result_out_of_range) {
    // Too large or too small: strtod tells which.
    *value = std::strtod(std::string(rest).c_str(), nullptr);
  }
  if (std::isnan(*value)) return ParseResult::kNotANumber;  // "nan(...)", "-nan"
  return std::isinf(*value) ? ParseResult::kTooLarge : ParseResult::kOk;
}

std::string NumberText(double value) {
  if (value == 0) return "0";  // -0 as well
  char buffer[32];
  // Whole numbers without an exponent, as people and other programs write them.
  const bool is_whole = std::fabs(value) < 1e15 && value == std::trunc(value);
  const auto result =
      is_whole ? std::to_chars(buffer, buffer + sizeof(buffer), static_cast<int64_t>(value))
               : std::to_chars(buffer, buffer + sizeof(buffer), value);
  return std::string(buffer, result.ptr);
}

std::string_view CellText(const Cell& cell, std::string* buffer) {
  switch (cell.kind) {
    case Cell::Kind::kText:
      return cell.text();
    case Cell::Kind::kInteger:
      *buffer = std::to_string(cell.integer);
      return *buffer;
    case Cell::Kind::kNumber:
      *buffer = NumberText(cell.number);
      return *buffer;
    case Cell::Kind::kMissing:
      break;
  }
  return {};
}

std::string Quoted(std::string_view text) {
  constexpr size_t kMaxBytes = 60;
  std::string out = "'";
  for (const char c : text.substr(0, kMaxBytes)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  // Not in the middle of a UTF-8 sequence.
  if (text.size() > kMaxBytes) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
    out += "...";
  }
  return out + "'";
}

std::string Quoted(const Cell& cell) {
  if (cell.is_missing()) return "nothing";
  std::string buffer;
  return Quoted(CellText(cell, &buffer));
}

}  // namespace winnow::data
