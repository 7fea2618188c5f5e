// Forward passes over many rows, in fixed blocks spread over the pool.
#ifndef WINNOW_KERNELS_NN_PREDICTOR_H_
#define WINNOW_KERNELS_NN_PREDICTOR_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/shard_pool.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/nn/network.h"

namespace winnow::nn {

// Rows of one task.
inline constexpr int64_t kPredictBlockRows = 256;

// Results do not depend on the number of threads. OWNERSHIP: network, fold (may be null) and pool
// outlive this. THREAD-SAFETY: none. Nothing is dropped out, no noise is added.
class Predictor {
 public:
  static absl::StatusOr<std::unique_ptr<Predictor>> Create(const Network* network,
                                                           const gates::WeightFold* fold,
                                                           ShardPool* pool);
  ~Predictor();

  // logits: [rows x outputs]. `mask` empty: all 1. Target and weight are not asked of the source.
  absl::Status Logits(const BatchSource& source, int64_t rows, std::span<const float> mask,
                      std::span<float> logits);

  // sum_i weight_i loss_i / sum_i weight_i, summed in row order of blocks, in double. REQUIRES:
  // rows >= 1. INTERNAL when it is not finite.
  absl::StatusOr<double> MeanLoss(LossKind loss, const BatchSource& source, int64_t rows,
                                  std::span<const float> mask);

  // out[r] = root mean square over the rows of input r of layer `layer` (dense_0: the network's
  // inputs). out: [inputs of the layer].
  absl::Status LayerInputRms(int32_t layer, const BatchSource& source, int64_t rows,
                             std::span<const float> mask, std::span<float> out);

 private:
  struct Impl;
  explicit Predictor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_PREDICTOR_H_
