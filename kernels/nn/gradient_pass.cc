#include "kernels/nn/gradient_pass.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/kernel_clock.h"
#include "kernels/base/status.h"
#include "kernels/nn/layer_products.h"
#include "kernels/nn/predictor.h"
#include "kernels/nn/row_pass.h"
#include "kernels/ops/packed_matrix.h"
#include "kernels/ops/simd.h"

namespace winnow::nn {

struct GradientPass::Impl {
  const Network* network;
  const gates::WeightFold* fold;
  ShardPool* pool;
  LayerProducts products;
  RowPass pass;
  std::vector<RowMatrices> rows;            // by thread
  std::vector<AlignedBuffer<float>> delta;  // by thread, made when first asked for
  ops::PackedMatrix inputs;                 // W_0^T without the mask, as above
  AlignedBuffer<float> folded;

  Impl(const Network* network_in, const gates::WeightFold* fold_in, ShardPool* pool_in)
      : network(network_in), fold(fold_in), pool(pool_in), pass(*network_in, products) {}

  int64_t delta_stride() const { return ops::RoundUpToLanes(network->shape().input_width); }
  absl::Status MakeDelta();
  void Pack(std::span<const float> mask, bool with_delta);
};

absl::Status GradientPass::Impl::MakeDelta() {
  const DenseLayer& layer = network->layers()[0];
  if (!delta.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(inputs, ops::PackedMatrix::Create(layer.outputs, layer.inputs));
  for (int thread = 0; thread < pool->threads(); ++thread) {
    ASSIGN_OR_RETURN(
        AlignedBuffer<float> mine,
        AlignedBuffer<float>::Create(kPredictBlockRows * delta_stride() + ops::kLanes));
    delta.push_back(std::move(mine));
  }
  return absl::OkStatus();
}

void GradientPass::Impl::Pack(std::span<const float> mask, bool with_delta) {
  for (int32_t l = 0; l < static_cast<int32_t>(network->layers().size()); ++l) {
    const float* weights = network->weights(l);
    if (l == fold->layer) {
      gates::FoldRows(*fold, mask, 0, fold->rows, weights, folded.data());
      weights = folded.data();
    }
    products.Pack(l, weights);
  }
  const DenseLayer& layer = network->layers()[0];
  if (with_delta) inputs.PackColumns(0, layer.inputs, network->weights(0), layer.outputs);
}

absl::StatusOr<std::unique_ptr<GradientPass>> GradientPass::Create(const Network* network,
                                                                   const gates::WeightFold* fold,
                                                                   ShardPool* pool) {
  if (fold->kind == GateKind::kBlock) {
    return absl::UnimplementedError("a block gate has no gradient of inputs");
  }
  if (network->has_bottom() || network->has_dots()) {
    return absl::UnimplementedError("this model's first layer does not read all of its inputs");
  }
  auto impl = std::make_unique<Impl>(network, fold, pool);
  ASSIGN_OR_RETURN(impl->products, LayerProducts::Create(*network, /*backward=*/true));
  for (int thread = 0; thread < pool->threads(); ++thread) {
    ASSIGN_OR_RETURN(RowMatrices rows,
                     RowMatrices::Create(*network, kPredictBlockRows, /*backward=*/true));
    impl->rows.push_back(std::move(rows));
  }
  ASSIGN_OR_RETURN(impl->folded,
                   AlignedBuffer<float>::Create(network->layers()[fold->layer].weight_count()));
  return std::unique_ptr<GradientPass>(new GradientPass(std::move(impl)));
}

GradientPass::GradientPass(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GradientPass::~GradientPass() = default;

absl::Status GradientPass::Run(LossKind loss, const BatchSource& source, int64_t rows,
                               std::span<const float> mask, bool with_delta,
                               const std::function<void(const GradientBlock&)>& use) {
  Impl& self = *impl_;
  if (static_cast<int64_t>(mask.size()) != self.fold->num_candidates) {
    return absl::InvalidArgumentError(absl::StrCat(
        "a mask of ", mask.size(), " candidates, expected ", self.fold->num_candidates));
  }
  const KernelTimer timer(Kernel::kGradient);
  if (with_delta) RETURN_IF_ERROR(self.MakeDelta());
  self.Pack(mask, with_delta);
  self.pool->Run(static_cast<int>((rows + kPredictBlockRows - 1) / kPredictBlockRows),
                 [&](int index, int thread) {
                   RowMatrices& mine = self.rows[thread];
                   GradientBlock block;
                   block.index = index;
                   block.begin = index * kPredictBlockRows;
                   block.end = std::min(block.begin + kPredictBlockRows, rows);
                   block.rows = &mine;
                   const int64_t count = block.end - block.begin;
                   self.pass.Load(source, block.begin, block.end, thread, /*with_target=*/true, 0,
                                  mine);
                   self.pass.Forward(0, count, nullptr, mine);
                   self.pass.Loss(loss, 0, count, 1.0f, mine);
                   if (with_delta) {
                     block.delta = {self.delta[thread].data(), self.delta_stride()};
                     self.pass.Backward(0, count, 0.0f, mine);
                     self.inputs.Multiply(count, mine.gradient[0].data, mine.gradient[0].stride,
                                          block.delta.data, block.delta.stride, {});
                   }
                   use(block);
                 });
  return absl::OkStatus();
}

}  // namespace winnow::nn
