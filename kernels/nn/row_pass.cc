#include "kernels/nn/row_pass.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/ops/activation.h"
#include "kernels/ops/embedding.h"
#include "kernels/ops/interaction.h"
#include "kernels/ops/loss.h"
#include "kernels/ops/noise.h"

namespace winnow::nn {
namespace {

// Draws of a row come in whole blocks of the generator.
constexpr uint64_t kDrawBlock = 8;
constexpr uint64_t RoundUpToDrawBlock(uint64_t n) {
  return (n + kDrawBlock - 1) / kDrawBlock * kDrawBlock;
}

}  // namespace

RowPass::RowPass(const Network& network, const LayerProducts& products)
    : network_(&network), products_(&products) {
  PlanInputs();
}

void RowPass::PlanInputs() {
  int32_t dense = 0;
  for (const plan::InputField& field : network_->shape().fields) {
    if (field.categorical) continue;
    values_.push_back({dense, field.first_row});
    if (!dense_runs_.empty() &&
        dense_runs_.back().input_begin + dense_runs_.back().length == field.first_row) {
      dense_runs_.back().length += field.rows;
    } else {
      dense_runs_.push_back({dense, field.first_row, field.rows});
    }
    dense += field.rows;
  }
  for (size_t l = 0; l + 1 < network_->layers().size(); ++l) {
    const auto units = static_cast<uint64_t>(network_->layers()[l].outputs);
    dropout_width_ += static_cast<int64_t>(RoundUpToDrawBlock(units));
  }
}

void RowPass::Load(const BatchSource& source, int64_t begin, int64_t end, int thread,
                   bool with_target, int64_t at, RowMatrices& rows) const {
  const int64_t count = end - begin;
  const RowMatrix& dense = rows.dense.data != nullptr ? rows.dense : rows.input;
  BatchRows out;
  out.dense = dense.row(at);
  out.dense_stride = dense.stride;
  out.codes = rows.codes.data() + at * rows.code_stride;
  out.target = with_target ? rows.target.data() + at : nullptr;
  out.weight = with_target ? rows.weight.data() + at : nullptr;
  source.Fill(begin, end, thread, out);
  for (int64_t i = at; rows.dense.data != nullptr && i < at + count; ++i) {
    for (const DenseRun& run : dense_runs_) {
      std::memcpy(rows.input.row(i) + run.input_begin, rows.dense.row(i) + run.dense_begin,
                  static_cast<size_t>(run.length) * sizeof(float));
    }
  }
  for (const EmbeddingTable& table : network_->embeddings()) {
    ops::GatherEmbedding(count, out.codes + table.slot, rows.code_stride,
                         network_->table(table.slot), table.dimension,
                         rows.vectors.row(at) + table.place, rows.vectors.stride);
  }
}

void RowPass::AddNoise(const StepNoise& noise, int64_t begin, int64_t end, float* scratch,
                       RowMatrices& rows) const {
  const int64_t width = network_->shape().dense_width;
  const uint64_t draws = RoundUpToDrawBlock(static_cast<uint64_t>(width));
  // Every input is a numeric value, in order.
  const bool direct = static_cast<int64_t>(values_.size()) == network_->shape().input_width;
  for (int64_t i = begin; i < end; ++i) {
    if (direct) {
      ops::AddGaussianNoise(*noise.input_stream, (noise.first_row + i) * draws, width,
                            noise.input_stddev, rows.input.row(i));
      continue;
    }
    std::fill_n(scratch, width, 0.0f);
    ops::AddGaussianNoise(*noise.input_stream, (noise.first_row + i) * draws, width,
                          noise.input_stddev, scratch);
    float* x = rows.input.row(i);
    for (const ValueColumn& value : values_) x[value.input] += scratch[value.dense];
  }
}

void RowPass::Forward(int64_t begin, int64_t end, const StepNoise* noise, RowMatrices& rows) const {
  const auto last = static_cast<int32_t>(network_->layers().size()) - 1;
  uint64_t unit = 0;  // first draw of the layer within a row
  for (int32_t l = 0; l <= last; ++l) {
    const DenseLayer& layer = network_->layers()[l];
    const RowMatrix& out = rows.output[l];
    if (l == network_->top_layer()) Join(begin, end, rows);
    ops::ProductEnd finish;
    finish.bias = network_->bias(l);
    finish.relu = l < last;
    products_->Forward(l, begin, end, rows.layer_input(l), out, finish);
    if (l == last || noise == nullptr || noise->dropout_stream == nullptr) continue;
    for (int64_t i = begin; i < end; ++i) {
      ops::Dropout(*noise->dropout_stream,
                   (noise->first_row + i) * static_cast<uint64_t>(dropout_width_) + unit,
                   layer.outputs, noise->dropout, out.row(i));
    }
    unit += RoundUpToDrawBlock(static_cast<uint64_t>(layer.outputs));
  }
}

double RowPass::Loss(LossKind loss, int64_t begin, int64_t end, float scale,
                     RowMatrices& rows) const {
  const RowMatrix& logits = rows.output.back();
  const float* z = logits.row(begin);
  float* dz = scale > 0 ? rows.gradient.back().row(begin) : nullptr;
  const float* target = rows.target.data() + begin;
  const float* weight = rows.weight.data() + begin;
  const int64_t count = end - begin;
  switch (loss) {
    case LossKind::kLogistic:
      return ops::LogisticLoss(count, z, logits.stride, target, weight, scale, dz);
    case LossKind::kSoftmax:
      return ops::SoftmaxLoss(count, network_->shape().outputs, z, logits.stride, target, weight,
                              scale, dz);
    case LossKind::kSquared:
      return ops::SquaredLoss(count, z, logits.stride, target, weight, scale, dz);
  }
  return 0;
}

void RowPass::Join(int64_t begin, int64_t end, RowMatrices& rows) const {
  const int64_t width = network_->shape().embedding_dimension;
  if (network_->has_bottom()) {
    const RowMatrix& bottom = rows.output[network_->top_layer() - 1];
    for (int64_t i = begin; i < end; ++i) std::copy_n(bottom.row(i), width, rows.vectors.row(i));
  }
  if (!network_->has_dots()) return;
  for (int64_t i = begin; i < end; ++i) std::copy_n(rows.vectors.row(i), width, rows.top.row(i));
  ops::InteractionForward(end - begin, network_->vector_count(), width, rows.vectors.row(begin),
                          rows.vectors.stride, network_->vector_stride(),
                          rows.top.row(begin) + width, rows.top.stride);
}

void RowPass::Part(int64_t begin, int64_t end, float scale, RowMatrices& rows) const {
  const int64_t width = network_->shape().embedding_dimension;
  const int32_t top = network_->top_layer();
  const RowMatrix& dt = rows.top_gradient;
  products_->InputGradient(begin, end, rows.gradient[top], dt);
  if (network_->has_dots()) {
    ops::InteractionBackward(end - begin, network_->vector_count(), width, rows.vectors.row(begin),
                             rows.vectors.stride, network_->vector_stride(), dt.row(begin) + width,
                             dt.row(begin), dt.stride, rows.vector_gradient.row(begin));
  }
  if (!network_->has_bottom()) return;
  const RowMatrix& bottom = rows.gradient[top - 1];
  for (int64_t i = begin; i < end; ++i) {
    std::copy_n(rows.vector_gradient.row(i), width, bottom.row(i));
  }
  ops::ReluBackward(end - begin, width, rows.output[top - 1].row(begin), scale, bottom.row(begin),
                    bottom.stride);
}

void RowPass::Backward(int64_t begin, int64_t end, float dropout, RowMatrices& rows) const {
  const float scale = 1.0f / (1.0f - dropout);
  const int32_t top = network_->top_layer();
  for (auto l = static_cast<int32_t>(network_->layers().size()) - 1; l >= 1; --l) {
    if (l == top) {
      Part(begin, end, scale, rows);
    } else {
      products_->BackwardData(l, begin, end, rows.gradient[l], rows.gradient[l - 1],
                              rows.output[l - 1], scale);
    }
  }
  if (top == 0) {
    Part(begin, end, scale, rows);
  } else {
    products_->EndBottom(begin, end, rows.gradient[0]);
  }
}

}  // namespace winnow::nn
