// Magnitude pruning: train dense, keep the candidates of the largest norm (blocks) or contribution
// (features, chunks) once, fine-tune to the end.
#ifndef WINNOW_KERNELS_SELECTORS_MAGNITUDE_H_
#define WINNOW_KERNELS_SELECTORS_MAGNITUDE_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row MagnitudeRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_MAGNITUDE_H_
