// The one list of selectors. An explicit table: static registration is dropped by linkers of static
// libraries, and a table can be read.
#ifndef WINNOW_KERNELS_SELECTORS_REGISTRY_H_
#define WINNOW_KERNELS_SELECTORS_REGISTRY_H_

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/selectors/params.h"
#include "kernels/selectors/selector.h"

namespace winnow::selectors {

struct Row {
  std::string name;             // the selector's name in the job file
  int version = 1;              // raised when the same parameters give other results
  std::string summary;          // one sentence
  std::vector<GateKind> gates;  // gates it can drive
  // True when selection and training are one run (block pruning style): the steps are those of
  // `training`. False: the selection run is its own, its length comes from the selector's
  // parameters.
  bool trains_the_model = false;
  std::span<const ParamSpec> params;
  // Steps of the selection run for max_picks picks; unused when trains_the_model.
  int64_t (*selection_steps)(const ParamValues& params, int64_t max_picks) = nullptr;
  std::unique_ptr<Selector> (*make)(const ParamValues& params) = nullptr;
};

// In display order.
std::span<const Row> Registry();

// nullptr when there is none.
const Row* FindSelector(const std::string& name);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_REGISTRY_H_
