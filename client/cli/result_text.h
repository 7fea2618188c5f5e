// A result (selection.json merged with run.json) as tables, as CSV and as names.
#ifndef WINNOW_CLIENT_CLI_RESULT_TEXT_H_
#define WINNOW_CLIENT_CLI_RESULT_TEXT_H_

#include <string>

#include "nlohmann/json.hpp"

namespace winnow::cli {

using ResultJson = nlohmann::ordered_json;

// "job" first, then selection.json, then what run.json adds.
ResultJson MergeResult(const ResultJson& selection, const ResultJson& run);

// Picks in order with score and gain; the metrics of the selection beside the controls, with their
// intervals; quality against size; what was spent. Parts that the result does not have are left
// out. Metrics show as many decimals as their interval's half width has a meaning for.
std::string ResultText(const ResultJson& result);

// rank,name,phase,score,gain,cost, one line per pick, RFC 4180; numbers in full.
std::string ResultCsv(const ResultJson& result);

// The selected names in order, one a line.
std::string ResultNames(const ResultJson& result);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_RESULT_TEXT_H_
