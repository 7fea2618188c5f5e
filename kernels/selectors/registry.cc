#include "kernels/selectors/registry.h"

#include "kernels/selectors/autofield.h"
#include "kernels/selectors/gated_gradual.h"
#include "kernels/selectors/gradual_magnitude.h"
#include "kernels/selectors/group_lasso.h"
#include "kernels/selectors/lassonet.h"
#include "kernels/selectors/liao_latty_yang.h"
#include "kernels/selectors/lpfs.h"
#include "kernels/selectors/magnitude.h"
#include "kernels/selectors/omp.h"
#include "kernels/selectors/permutation.h"
#include "kernels/selectors/random.h"
#include "kernels/selectors/sequential_attention.h"
#include "kernels/selectors/sequential_attention_pp.h"
#include "kernels/selectors/sequential_lasso.h"
#include "kernels/selectors/shark.h"
#include "kernels/selectors/stg.h"
#include "kernels/selectors/univariate.h"

namespace winnow::selectors {

std::span<const Row> Registry() {
  static const std::vector<Row> rows = {
      SequentialAttentionRow(),
      SequentialAttentionPpRow(),
      GatedGradualRow(),
      GradualMagnitudeRow(),
      MagnitudeRow(),
      OmpRow(),
      SequentialLassoRow(),
      GroupLassoRow(),
      LiaoLattyYangRow(),
      StgRow(),
      LassonetRow(),
      SharkRow(),
      PermutationRow(),
      AutofieldRow(),
      LpfsRow(),
      UnivariateRow(),
      RandomRow(),
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
