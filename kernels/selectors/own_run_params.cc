#include "kernels/selectors/own_run_params.h"

#include <cmath>

namespace winnow::selectors {

ParamSpec OwnLearningRateParam() {
  return {.name = "learning_rate",
          .default_value = 2e-3,
          .min = 0,
          .min_exclusive = true,
          .doc = "Learning rate of the network in the selection run, constant."};
}

ParamSpec OwnBatchSizeParam() {
  return {.name = "batch_size",
          .type = ParamType::kInt,
          .min = 1,
          .max = 1 << 20,
          .doc = "Rows per step; absent: min(512, max(64, training rows / 16))."};
}

ParamSpec EnsembleParam() {
  return {.name = "ensemble",
          .type = ParamType::kInt,
          .default_value = int64_t{1},
          .min = 1,
          .max = 16,
          .doc =
              "Networks from weights of their own that train side by side under the one mask, "
              "which follows their mean gradient; each costs a selection."};
}

int64_t EnsembleSize(const ParamValues& params) {
  const auto found = params.find("ensemble");
  return found == params.end() ? 1 : std::get<int64_t>(found->second);
}

std::vector<ParamSpec> PhaseStepParams() {
  return {{.name = "steps",
           .type = ParamType::kInt,
           .min = 1,
           .doc = "Steps of the whole selection run; absent: steps_per_pick decides."},
          {.name = "steps_per_pick",
           .type = ParamType::kInt,
           .default_value = int64_t{40},
           .min = 1,
           .max = 1e6,
           .doc = "Steps of a phase per candidate picked in it."},
          OwnLearningRateParam()};
}

int64_t StepsOfPhases(const ParamValues& params, int64_t max_picks) {
  if (params.count("steps") != 0) return GetInt(params, "steps");
  const double picking = static_cast<double>(GetInt(params, "steps_per_pick") * max_picks);
  const double warmup = params.count("warmup") != 0 ? GetDouble(params, "warmup") : 0.0;
  return std::llround(picking / (1.0 - warmup));
}

}  // namespace winnow::selectors
