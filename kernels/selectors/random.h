// A uniformly random order of the candidates: the control that every selector must beat. Trains
// nothing.
#ifndef WINNOW_KERNELS_SELECTORS_RANDOM_H_
#define WINNOW_KERNELS_SELECTORS_RANDOM_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row RandomRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_RANDOM_H_
