// Parameters of a selector as a table: one row per parameter with type, default, range and a
// sentence.
//
// The same table validates a job, fills defaults, answers GetCapabilities, prints `winnow
// algorithms` and the README.
#ifndef WINNOW_KERNELS_SELECTORS_PARAMS_H_
#define WINNOW_KERNELS_SELECTORS_PARAMS_H_

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace winnow::selectors {

// Alternatives in the order of ParamType.
using ParamValue = std::variant<bool, int64_t, double, std::string>;
enum class ParamType { kBool, kInt, kDouble, kString };

// By field name of the selector's proto message.
using ParamValues = std::map<std::string, ParamValue>;

struct ParamSpec {
  std::string name;  // equals the field name in the selector's proto message
  ParamType type = ParamType::kDouble;
  // Absent: the Plan computes it (it depends on the data or on other settings; `doc` says how).
  std::optional<ParamValue> default_value;
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();
  bool min_exclusive = false;
  bool max_exclusive = false;
  std::vector<std::string> choices;  // kString
  std::string doc;                   // one sentence, with the unit
};

struct ParamViolation {
  std::string name;     // parameter
  std::string message;  // "must be > 0, got -1"
};

// Every violation: unknown names (listing the known ones), wrong types, values out of range.
std::vector<ParamViolation> CheckParams(std::span<const ParamSpec> table, const ParamValues& given);

// `given` with every default of the table filled in. REQUIRES: CheckParams found nothing.
ParamValues FillDefaults(std::span<const ParamSpec> table, const ParamValues& given);

// Typed reads. REQUIRES: the name is there and has that type (a resolved, checked set).
bool GetBool(const ParamValues& values, const std::string& name);
int64_t GetInt(const ParamValues& values, const std::string& name);
double GetDouble(const ParamValues& values, const std::string& name);
const std::string& GetString(const ParamValues& values, const std::string& name);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_PARAMS_H_
