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
  // True: the run is an ordinary training with a moving mask. It follows training's optimizer,
  // schedule, noise and dropout; steps, batch_size, learning_rate and weight_decay stand among the
  // parameters and are training's where absent. For block_pruning it is THE training: its weights
  // under the final mask are the result. For other tasks only the choice is kept, and the smaller
  // model is trained afresh.
  // False: the run is the selector's own, at a constant rate; its weights are thrown away.
  bool trains_the_model = false;
  // Asks the model about its inputs or their weights one by one, which only models that read all
  // inputs in their first layer can answer: linear and mlp.
  bool reads_inputs = false;
  std::span<const ParamSpec> params;
  // Steps of the selection run for max_picks picks, from resolved parameters; 0: trains nothing.
  int64_t (*selection_steps)(const ParamValues& params, int64_t max_picks) = nullptr;
  // What is wrong between parameters, of resolved ones that CheckParams passed; nullptr: nothing
  // can be.
  std::vector<ParamViolation> (*check)(const ParamValues& params) = nullptr;
  std::unique_ptr<Selector> (*make)(const ParamValues& params) = nullptr;
};

// In display order.
std::span<const Row> Registry();

// nullptr when there is none.
const Row* FindSelector(const std::string& name);

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_REGISTRY_H_
