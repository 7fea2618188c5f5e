#include "kernels/ops/block_sparse.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/ops/block_sparse_avx2.h"
#include "kernels/ops/block_sparse_avx512.h"
#include "kernels/ops/block_sparse_portable.h"
#include "kernels/ops/simd.h"

namespace winnow::ops {
namespace {

// Floats of 1 KiB.
constexpr int64_t kAliasing = 256;

constexpr BlockSparseKernels kPortable = {"portable", portable::BlockProduct,
                                          portable::BlockGradient};
#if defined(__x86_64__)
constexpr BlockSparseKernels kAvx2 = {"avx2", avx2::BlockProduct, avx2::BlockGradient};
constexpr BlockSparseKernels kAvx512 = {"avx512", avx512::BlockProduct, avx512::BlockGradient};
#endif

}  // namespace

const BlockSparseKernels& BlockSparseKernelsOf(Isa isa) {
#if defined(__x86_64__)
  if (isa >= Isa::kAvx512) return kAvx512;
  if (isa >= Isa::kAvx2) return kAvx2;
#endif
  static_cast<void>(isa);
  return kPortable;
}

bool IsBlockSparseShape(const BlockShape& shape) {
  return shape.inputs > 0 && shape.outputs > 0 && shape.block_rows > 0 && shape.block_columns > 0 &&
         shape.block_rows <= kMaxBlockWidth && shape.block_columns <= kMaxBlockWidth;
}

int64_t PaddedStride(int64_t width) {
  const int64_t stride = RoundUpToLanes(width);
  return stride % kAliasing == 0 ? stride + kLanes : stride;
}

BlockSparseWeights::BlockSparseWeights(const BlockShape& shape, const BlockSparseKernels& kernels)
    : shape_(shape),
      kernels_(&kernels),
      forward_stride_(static_cast<int32_t>(RoundUpToLanes(shape.block_columns))),
      transposed_stride_(static_cast<int32_t>(RoundUpToLanes(shape.block_rows))),
      row_begin_(static_cast<size_t>(shape.grid_rows()) + 1),
      column_begin_(static_cast<size_t>(shape.grid_columns()) + 1),
      run_begin_(static_cast<size_t>(shape.grid_rows()) + 1) {}

absl::StatusOr<BlockSparseWeights> BlockSparseWeights::Create(const BlockShape& shape, Isa isa) {
  if (!IsBlockSparseShape(shape)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "blocks of ", shape.block_rows, " x ", shape.block_columns, " in a layer of ", shape.inputs,
        " x ", shape.outputs, ", expected 1 to ", kMaxBlockWidth, " each way"));
  }
  BlockSparseWeights weights(shape, BlockSparseKernelsOf(isa));
  const int64_t blocks = static_cast<int64_t>(shape.grid_rows()) * shape.grid_columns();
  const int64_t runs = blocks * (weights.forward_stride_ / kLanes);
  for (std::vector<int32_t>* list :
       {&weights.kept_, &weights.slot_, &weights.first_output_, &weights.first_input_}) {
    list->reserve(static_cast<size_t>(blocks));
  }
  weights.run_output_.reserve(static_cast<size_t>(runs));
  weights.run_place_.reserve(static_cast<size_t>(runs));
  ASSIGN_OR_RETURN(weights.forward_, AlignedBuffer<float>::Create(blocks * shape.block_rows *
                                                                  weights.forward_stride_));
  ASSIGN_OR_RETURN(weights.transposed_, AlignedBuffer<float>::Create(blocks * shape.block_columns *
                                                                     weights.transposed_stride_));
  return weights;
}

void BlockSparseWeights::SetPattern(std::span<const float> mask) {
  const int32_t rows = shape_.grid_rows(), columns = shape_.grid_columns();
  kept_.clear(), first_output_.clear(), run_output_.clear(), run_place_.clear();
  std::fill(column_begin_.begin(), column_begin_.end(), 0);
  for (int32_t p = 0; p < rows; ++p) {
    row_begin_[p] = static_cast<int32_t>(kept_.size());
    run_begin_[p] = static_cast<int32_t>(run_output_.size());
    for (int32_t q = 0; q < columns; ++q) {
      if (mask[static_cast<size_t>(p) * columns + q] == 0.0f) continue;
      const auto e = static_cast<int32_t>(kept_.size()) - row_begin_[p];
      const int32_t output = q * shape_.block_columns;
      const int32_t width = std::min(shape_.block_columns, shape_.outputs - output);
      for (int32_t c = 0; c < width; c += kLanes) {
        run_output_.push_back(output + c);
        run_place_.push_back(e * shape_.block_rows * forward_stride_ + c);
      }
      kept_.push_back(q);
      first_output_.push_back(output);
      ++column_begin_[q + 1];
    }
  }
  row_begin_[rows] = static_cast<int32_t>(kept_.size());
  run_begin_[rows] = static_cast<int32_t>(run_output_.size());
  for (int32_t q = 0; q < columns; ++q) column_begin_[q + 1] += column_begin_[q];

  // Rows of blocks ascend, so that every column's list comes out ascending. column_begin_[q] walks
  // to the end of its column, which is the begin of the next: the last shift puts it back.
  slot_.resize(kept_.size());
  first_input_.resize(kept_.size());
  for (int32_t p = 0; p < rows; ++p) {
    for (int32_t e = row_begin_[p]; e < row_begin_[p + 1]; ++e) {
      slot_[e] = column_begin_[kept_[e]]++;
      first_input_[slot_[e]] = p * shape_.block_rows;
    }
  }
  for (int32_t q = columns; q > 0; --q) column_begin_[q] = column_begin_[q - 1];
  column_begin_[0] = 0;
}

void BlockSparseWeights::SetValues(int32_t p, std::span<const float> mask, const float* w) {
  const int32_t input = p * shape_.block_rows;
  const int32_t height = std::min(shape_.block_rows, shape_.inputs - input);
  for (int32_t e = row_begin_[p]; e < row_begin_[p + 1]; ++e) {
    const int32_t output = first_output_[e];
    const int32_t width = std::min(shape_.block_columns, shape_.outputs - output);
    const float scale = mask[static_cast<size_t>(p) * shape_.grid_columns() + kept_[e]];
    float* forward =
        forward_.data() + static_cast<int64_t>(slot_[e]) * shape_.block_rows * forward_stride_;
    float* transposed =
        transposed_.data() + static_cast<int64_t>(e) * shape_.block_columns * transposed_stride_;
    for (int32_t r = 0; r < height; ++r) {
      const float* from = w + static_cast<int64_t>(input + r) * shape_.outputs + output;
      float* to = forward + r * forward_stride_;
      for (int32_t c = 0; c < width; ++c) to[c] = scale * from[c];
      for (int32_t c = 0; c < width; ++c) transposed[c * transposed_stride_ + r] = to[c];
    }
  }
}

BlockLists BlockSparseWeights::ForwardLists() const {
  return {shape_.inputs,        shape_.outputs,        shape_.block_rows,
          shape_.block_columns, shape_.grid_columns(), column_begin_.data(),
          first_input_.data(),  forward_.data(),       forward_stride_};
}

BlockLists BlockSparseWeights::TransposedLists() const {
  return {shape_.outputs,       shape_.inputs,      shape_.block_columns,
          shape_.block_rows,    shape_.grid_rows(), row_begin_.data(),
          first_output_.data(), transposed_.data(), transposed_stride_};
}

void BlockSparseWeights::Forward(int64_t rows, const float* x, int64_t ldx, float* z, int64_t ldz,
                                 const ProductEnd& end) const {
  kernels_->product(ForwardLists(), rows, x, ldx, z, ldz, end);
}

void BlockSparseWeights::BackwardData(int64_t rows, const float* dz, int64_t ldz, float* dx,
                                      int64_t ldx, const ProductEnd& end) const {
  kernels_->product(TransposedLists(), rows, dz, ldz, dx, ldx, end);
}

void BlockSparseWeights::WeightGradient(int32_t p, int64_t rows, const float* x, int64_t ldx,
                                        const float* dz, int64_t ldz, float* g) const {
  const int32_t input = p * shape_.block_rows;
  GradientRuns runs;
  runs.depth = std::min(shape_.block_rows, shape_.inputs - input);
  runs.runs = run_begin_[p + 1] - run_begin_[p];
  runs.first_output = run_output_.data() + run_begin_[p];
  runs.place = run_place_.data() + run_begin_[p];
  runs.stride = forward_stride_;
  kernels_->gradient(runs, rows, x + input, ldx, dz, ldz, g);
}

}  // namespace winnow::ops
