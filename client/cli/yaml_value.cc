#include "client/cli/yaml_value.h"

#include <cmath>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace winnow::cli {
namespace {

constexpr size_t kShownLength = 60;

bool IsQuoted(const YAML::Node& node) { return node.Tag() == "!"; }

// The letters of a scalar that is not in quotes.
std::optional<std::string> PlainOf(const YAML::Node& node) {
  if (!node.IsDefined() || !node.IsScalar() || IsQuoted(node)) return std::nullopt;
  return node.Scalar();
}

}  // namespace

bool IsNothing(const YAML::Node& node) {
  if (!node.IsDefined() || node.IsNull()) return true;
  const std::optional<std::string> plain = PlainOf(node);
  return plain && (plain->empty() || *plain == "~" || absl::AsciiStrToLower(*plain) == "null");
}

std::optional<std::string> TextOf(const YAML::Node& node) {
  if (IsNothing(node) || !node.IsScalar()) return std::nullopt;
  return node.Scalar();
}

std::optional<bool> BoolOf(const YAML::Node& node) {
  const std::optional<std::string> plain = PlainOf(node);
  if (!plain) return std::nullopt;
  const std::string word = absl::AsciiStrToLower(*plain);
  if (word == "true" || word == "yes" || word == "on") return true;
  if (word == "false" || word == "no" || word == "off") return false;
  return std::nullopt;
}

std::optional<double> NumberOf(const YAML::Node& node) {
  const std::optional<std::string> plain = PlainOf(node);
  double number = 0;
  if (!plain || !absl::SimpleAtod(*plain, &number) || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<int64_t> IntegerOf(const YAML::Node& node) {
  const std::optional<std::string> plain = PlainOf(node);
  if (!plain) return std::nullopt;
  int64_t whole = 0;
  if (absl::SimpleAtoi(*plain, &whole)) return whole;
  const std::optional<double> number = NumberOf(node);
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (!number || *number != std::floor(*number) || *number < -kEnd || *number >= kEnd) {
    return std::nullopt;
  }
  return static_cast<int64_t>(*number);
}

std::optional<int64_t> QuotedIntegerOf(const YAML::Node& node) {
  int64_t whole = 0;
  const std::optional<std::string> text = TextOf(node);
  return text && absl::SimpleAtoi(*text, &whole) ? whole : IntegerOf(node);
}

std::string Shown(const YAML::Node& node) {
  if (IsNothing(node)) return "null";
  if (node.IsMap()) return "a mapping";
  if (node.IsSequence()) return "a list";
  std::string text = node.Scalar();
  if (text.size() > kShownLength) text = text.substr(0, kShownLength) + "...";
  return IsQuoted(node) ? absl::StrCat("\"", text, "\"") : text;
}

}  // namespace winnow::cli
