#include "kernels/selectors/params.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace winnow::selectors {
namespace {

const ParamSpec* Find(std::span<const ParamSpec> table, const std::string& name) {
  for (const ParamSpec& spec : table) {
    if (spec.name == name) return &spec;
  }
  return nullptr;
}

std::string UnknownMessage(std::span<const ParamSpec> table) {
  if (table.empty()) return "unknown parameter; this selector has none";
  std::vector<std::string> known;
  for (const ParamSpec& spec : table) known.push_back(spec.name);
  return absl::StrCat("unknown parameter of this selector; known: ", absl::StrJoin(known, ", "));
}

const char* TypeName(ParamType type) {
  switch (type) {
    case ParamType::kBool:
      return "true or false";
    case ParamType::kInt:
      return "a whole number";
    case ParamType::kDouble:
      return "a number";
    case ParamType::kString:
      break;
  }
  return "a text";
}

std::string RangeMessage(const ParamSpec& spec, double value) {
  if (std::isnan(value)) return "must be a number, got nan";
  if (value < spec.min || (spec.min_exclusive && value == spec.min)) {
    return absl::StrCat("must be ", spec.min_exclusive ? "> " : ">= ", spec.min, ", got ", value);
  }
  if (value > spec.max || (spec.max_exclusive && value == spec.max)) {
    return absl::StrCat("must be ", spec.max_exclusive ? "< " : "<= ", spec.max, ", got ", value);
  }
  return "";
}

std::string Problem(const ParamSpec& spec, const ParamValue& value) {
  if (value.index() != static_cast<size_t>(spec.type)) {
    return absl::StrCat("must be ", TypeName(spec.type));
  }
  if (const auto* text = std::get_if<std::string>(&value)) {
    const auto& choices = spec.choices;
    if (choices.empty() || std::find(choices.begin(), choices.end(), *text) != choices.end()) {
      return "";
    }
    return absl::StrCat("must be one of ", absl::StrJoin(choices, ", "), ", got ", *text);
  }
  if (const auto* whole = std::get_if<int64_t>(&value)) {
    return RangeMessage(spec, static_cast<double>(*whole));
  }
  if (const auto* number = std::get_if<double>(&value)) return RangeMessage(spec, *number);
  return "";
}

}  // namespace

std::vector<ParamViolation> CheckParams(std::span<const ParamSpec> table,
                                        const ParamValues& given) {
  std::vector<ParamViolation> violations;
  for (const auto& [name, value] : given) {
    const ParamSpec* spec = Find(table, name);
    std::string problem = spec == nullptr ? UnknownMessage(table) : Problem(*spec, value);
    if (!problem.empty()) violations.push_back({name, std::move(problem)});
  }
  return violations;
}

ParamValues FillDefaults(std::span<const ParamSpec> table, const ParamValues& given) {
  ParamValues values = given;
  for (const ParamSpec& spec : table) {
    if (spec.default_value) values.try_emplace(spec.name, *spec.default_value);
  }
  return values;
}

bool GetBool(const ParamValues& values, const std::string& name) {
  return std::get<bool>(values.at(name));
}
int64_t GetInt(const ParamValues& values, const std::string& name) {
  return std::get<int64_t>(values.at(name));
}
double GetDouble(const ParamValues& values, const std::string& name) {
  return std::get<double>(values.at(name));
}
const std::string& GetString(const ParamValues& values, const std::string& name) {
  return std::get<std::string>(values.at(name));
}

}  // namespace winnow::selectors
