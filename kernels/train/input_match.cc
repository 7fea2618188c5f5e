#include "kernels/train/input_match.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "kernels/export/manifest.h"

namespace winnow::train {
namespace {

// The places of a table's columns among its numeric and its categorical ones.
struct Places {
  int32_t numeric = -1, slot = -1;
};

std::vector<Places> PlacesOf(const data::TrainingTable& table) {
  std::vector<Places> places(table.profile().columns.size());
  int32_t numerics = 0;
  for (const data::FeatureLayout& feature : table.layout().features) {
    if (feature.categorical) {
      places[feature.column].slot = feature.code_slot;
    } else {
      places[feature.column].numeric = numerics++;
    }
  }
  return places;
}

bool Continues(const ParentInput& input, const ColumnProfile& column, const data::NumericFit& fit) {
  if (input.transform != exporting::TransformName(column.transform)) return false;
  if (input.scale == 0 || fit.scale == 0) return false;
  const double ratio = input.scale / fit.scale;
  const double shift = (fit.centre - input.centre) * input.scale;
  return std::abs(ratio) <= kMostRescaled && std::abs(shift) <= kMostRescaled;
}

// Codes of the parent by text, without those that were too rare to be learned.
std::unordered_map<std::string_view, int32_t> KnownValues(const ParentInput& input) {
  std::unordered_map<std::string_view, int32_t> known;
  known.reserve(input.values.size());
  for (size_t i = 0; i < input.values.size(); ++i) {
    known.emplace(input.values[i], static_cast<int32_t>(i) + 1);
  }
  for (const int32_t code : input.unknown_codes) {
    if (code < 1 || static_cast<size_t>(code) > input.values.size()) continue;
    known.erase(input.values[code - 1]);
  }
  return known;
}

const data::Dictionary* FindDictionary(const std::vector<data::Dictionary>& dictionaries,
                                       int32_t column) {
  const auto found = std::find_if(dictionaries.begin(), dictionaries.end(),
                                  [&](const data::Dictionary& d) { return d.column == column; });
  return found == dictionaries.end() ? nullptr : &*found;
}

// By code: the parent's, or -1. Empty: the columns do not match.
std::vector<int32_t> MatchCodes(const ParentInput& input, const ColumnProfile& column,
                                const data::TrainingTable& table, int32_t slot,
                                const data::Dictionary* dictionary, InputMatch& match) {
  if (input.hashed != column.hashed) return {};
  std::vector<int32_t> codes(static_cast<size_t>(column.vocabulary), -1);
  codes[0] = 0;  // missing or unknown
  if (column.hashed) {
    if (input.vocabulary != column.vocabulary) return {};
    for (size_t code = 0; code < codes.size(); ++code) codes[code] = static_cast<int32_t>(code);
    return codes;
  }
  if (dictionary == nullptr) return {};
  const std::unordered_map<std::string_view, int32_t> known = KnownValues(input);
  const auto values = std::min<int64_t>(dictionary->size(), column.vocabulary - 1);
  for (int32_t code = 1; code <= values; ++code) {
    if (table.MapCode(slot, code) == 0) continue;  // never seen by the model
    const auto found = known.find(dictionary->value(code));
    if (found != known.end()) codes[code] = found->second;
    ++(found != known.end() ? match.matched_values : match.new_values);
  }
  return codes;
}

}  // namespace

InputMatch MatchInputs(const ParentModel& parent, const data::TrainingTable& table,
                       const std::vector<data::Dictionary>& dictionaries) {
  const std::vector<ColumnProfile>& columns = table.profile().columns;
  const std::vector<Places> places = PlacesOf(table);
  InputMatch match;
  match.columns.resize(columns.size());
  for (size_t i = 0; i < parent.inputs.size(); ++i) {
    const ParentInput& input = parent.inputs[i];
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const ColumnProfile& c) {
      return c.name == input.column && (c.kind == ColumnKind::kCategorical) == input.categorical;
    });
    bool matches = found != columns.end();
    if (matches) {
      const auto c = static_cast<int32_t>(found - columns.begin());
      ColumnMatch& column = match.columns[c];
      if (input.categorical) {
        column.codes = MatchCodes(input, *found, table, places[c].slot,
                                  FindDictionary(dictionaries, c), match);
        matches = !column.codes.empty();
      } else {
        matches = Continues(input, *found, table.numeric_fits()[places[c].numeric]);
      }
      if (matches) column.input = static_cast<int32_t>(i);
    }
    if (!matches) match.gone.push_back(input.column);
  }
  return match;
}

}  // namespace winnow::train
