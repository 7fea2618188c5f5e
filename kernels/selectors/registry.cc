#include "kernels/selectors/registry.h"

#include "kernels/selectors/gated_gradual.h"
#include "kernels/selectors/gradual_magnitude.h"
#include "kernels/selectors/magnitude.h"
#include "kernels/selectors/random.h"
#include "kernels/selectors/sequential_attention.h"
#include "kernels/selectors/sequential_attention_pp.h"

namespace winnow::selectors {

std::span<const Row> Registry() {
  static const std::vector<Row> rows = {
      SequentialAttentionRow(), SequentialAttentionPpRow(),
      GatedGradualRow(),        GradualMagnitudeRow(),
      MagnitudeRow(),           RandomRow(),
  };
  return rows;
}

const Row* FindSelector(const std::string& name) {
  for (const Row& row : Registry()) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

}  // namespace winnow::selectors
