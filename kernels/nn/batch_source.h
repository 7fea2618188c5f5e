// Where the rows of a batch come from. The step asks for whole row blocks from inside its tasks, so
// that a block is gathered by the thread that then computes it, while it is in cache.
#ifndef WINNOW_KERNELS_NN_BATCH_SOURCE_H_
#define WINNOW_KERNELS_NN_BATCH_SOURCE_H_

#include <cstdint>

namespace winnow::nn {

// Destination of n rows; row i of the range at pointer + i * stride.
struct BatchRows {
  float* dense = nullptr;    // [n x dense_width]: numeric fields of the model in field order, each
                             // the value and, with two rows, the missing indicator
  int64_t dense_stride = 0;  // floats, >= dense_width
  int32_t* codes = nullptr;  // [n x categorical fields of the model], contiguous
  float* target = nullptr;   // [n]: 0/1 (logistic), class index (softmax), standardised value
                             // (squared); null when not wanted
  float* weight = nullptr;   // [n]: sample weights with mean about 1; null when not wanted
};

class BatchSource {
 public:
  virtual ~BatchSource() = default;
  // Fills rows [begin, end) of the batch. Called once per row block, by any thread of the pool
  // (`thread` in [0, threads) for scratch memory), at the same time as other blocks. The values
  // depend on the rows alone. Allocates nothing, takes no lock.
  // ENSURES: 0 <= code < vocabulary; a softmax target is a class.
  virtual void Fill(int64_t begin, int64_t end, int thread, const BatchRows& out) const = 0;
};

}  // namespace winnow::nn

#endif  // WINNOW_KERNELS_NN_BATCH_SOURCE_H_
