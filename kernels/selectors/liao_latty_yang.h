// Liao, Latty & Yang: attention of a small network on the inputs, averaged over the batch.
//
// Liao, Latty & Yang, "Feature Selection Using Batch-Wise Attenuation and Feature Mask
// Normalization", IJCNN 2021 (arXiv:2010.13631).
//   u_n in R^N          what row n says of every candidate: the mean of its inputs
//   A = (1/B) sum_n h(u_n),  h a small network (attention_network.h)
//   a = N softmax(A)    the mask of the batch
//   d loss/d A_i = a_i (g_i - (1/N) sum_j a_j g_j),  back through the network by Adam
// At the end the candidates of largest mask, averaged over the last tenth of the steps, are kept,
// all at once. Departures: the mask has mean 1, as training without gates has; the average is over
// the first 64 rows of the batch (rows are shuffled); embeddings and groups enter by the mean of
// their inputs; the ranking uses the inputs that training saw, which the published code does not.
// Cost: a training, and 3 x 64 (N h_1 + h_1 h_2 + h_2 N) multiply-adds a step on one thread.
#ifndef WINNOW_KERNELS_SELECTORS_LIAO_LATTY_YANG_H_
#define WINNOW_KERNELS_SELECTORS_LIAO_LATTY_YANG_H_

#include "kernels/selectors/registry.h"

namespace winnow::selectors {

Row LiaoLattyYangRow();

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_LIAO_LATTY_YANG_H_
