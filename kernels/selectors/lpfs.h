// LPFS: smoothed l0 gates that polarise as their smoothing shrinks.
//
// Guo, Liu, Tan et al., "LPFS: Learnable Polarizing Feature Selection for Click-Through Rate
// Prediction", 2022 (arXiv:2206.00267).
//   g(x) = x^2 / (x^2 + epsilon),        dg/dx = 2 x epsilon / (x^2 + epsilon)^2
// per candidate, x starts at 1, epsilon at 0.1 and falls by a factor every few steps. With
// `sign_aware` (LPFS++) g gains 10 epsilon^(1/2) atan(x), whose slope at 0 lets a gate come back; a
// mask is at least 0, so g is cut there, its gradient is not. At the end the largest g are kept.
// Departures: x moves by Adam at 10 times the network's rate, with one second moment for all gates,
// so that they fall by what they are worth; epsilon falls to a thousandth over
// the run unless told otherwise (the paper's factor is for hundreds of thousands of steps). Cost: a
// training; O(candidates) a step.
#ifndef WINNOW_KERNELS_SELECTORS_LPFS_H_
#define WINNOW_KERNELS_SELECTORS_LPFS_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row LpfsRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_LPFS_H_
