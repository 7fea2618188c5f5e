// The filter of List calls (a subset of AIP-160):
//   filter    = comparison { "AND" comparison }
//   field     = "state" | "selector" | "task" | "dataset" | "create_time" | "labels." key
//   comparison= field ( "=" | "!=" | "<" | ">" ) value          < and > for create_time alone
//   value     = word | "quoted text"                             create_time: RFC 3339
// An absent label compares as the empty text.
#ifndef WINNOW_SERVER_DOMAIN_FILTER_H_
#define WINNOW_SERVER_DOMAIN_FILTER_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace winnow::domain {

enum class FilterField { kState, kSelector, kTask, kDataset, kCreateTime, kLabel };
enum class FilterOp { kEqual, kNotEqual, kLess, kGreater };

struct Comparison {
  FilterField field = FilterField::kState;
  std::string label_key;  // kLabel
  FilterOp op = FilterOp::kEqual;
  std::string value;  // kState: the state's name without prefix
  absl::Time time;    // kCreateTime
};

// All must hold; empty = everything.
using Filter = std::vector<Comparison>;

// What is listed decides which fields and states exist.
enum class FilterTarget { kJobs, kDatasets };

// Errors: INVALID_ARGUMENT, reason INVALID_FILTER, with the position and what was expected there.
absl::StatusOr<Filter> ParseFilter(const std::string& text, FilterTarget target);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_FILTER_H_
