#include "kernels/nn/train_step.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/kernel_clock.h"
#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/nn/layer_products.h"
#include "kernels/nn/numeric_error.h"
#include "kernels/nn/optimizer_state.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/nn/row_pass.h"
#include "kernels/nn/step_mask.h"
#include "kernels/nn/step_plan.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/embedding.h"
#include "kernels/ops/threading.h"

namespace winnow::nn {
namespace {

// Scratch memory of one thread: overwritten by every task that uses it, never carried from one task
// to the next.
struct ThreadScratch {
  AlignedBuffer<float> tile;        // a tile of a weight gradient, or a bias gradient
  AlignedBuffer<float> row;         // multipliers of a row of weights, or noise of a row of inputs
  AlignedBuffer<float> sums;        // merged embedding gradients [batch x dimension]
  AlignedBuffer<int32_t> distinct;  // their codes [batch]
  AlignedBuffer<int32_t> slots;     // [vocabulary], -1 between tasks
};

absl::Status CheckOptions(const TrainStepOptions& options, const Network& network) {
  if (options.batch_size < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("batch size must be at least 1, got ", options.batch_size));
  }
  if (!(options.input_noise >= 0) || !std::isfinite(options.input_noise)) {
    return absl::InvalidArgumentError(
        absl::StrCat("input noise must be 0 or more, got ", options.input_noise));
  }
  if (!(options.dropout >= 0 && options.dropout < 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("dropout must be in [0, 1), got ", options.dropout));
  }
  if (options.half_products && !ops::HasHalfProducts()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "training.precision is bf16, which needs a CPU with AVX-512 BF16; kernels here are for ",
        ops::NameOf(ops::ActiveIsa())));
  }
  const int32_t outputs = network.shape().outputs;
  if (options.loss == LossKind::kSoftmax ? outputs < 2 : outputs != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("a model of ", outputs, " outputs does not fit its loss"));
  }
  return absl::OkStatus();
}

}  // namespace

struct TrainStep::Impl {
  Network* network;
  const gates::WeightFold* fold;
  TrainStepOptions options;
  ShardPool* pool;

  StepPlan plan;
  LayerProducts products;
  RowPass pass;
  RowMatrices rows;
  std::optional<RngStream> noise_stream, dropout_stream;
  std::vector<double> block_loss;
  std::vector<ThreadScratch> scratch;
  std::atomic<bool> unlimited_thread{false};  // a task ran on a thread without UseOneThread

  OptimizerState optimizer;
  ops::OptimizerStep dense_step, bias_step, table_step;
  StepMask mask;
  bool is_packed = false;  // layers outside the mask: the present weights

  Impl(Network* network_in, const gates::WeightFold* fold_in, const TrainStepOptions& options_in,
       ShardPool* pool_in)
      : network(network_in),
        fold(fold_in),
        options(options_in),
        pool(pool_in),
        plan(MakeStepPlan(*network_in, fold_in, options_in.batch_size,
                          options_in.optimizer.lazy_rows)),
        pass(*network_in, products) {}

  absl::Status Allocate();
  absl::Status AllocateScratch();
  absl::Status CheckInput(const StepInput& input) const;
  absl::StatusOr<double> Run(const StepInput& input, const BatchSource& source);

  double RowsPhase(const StepInput& input, const BatchSource& source);
  void OutputsPhase(const StepInput& input);
  void PackPhase(const StepInput& input);
  void WeightsChanged() {
    mask.WeightsChanged();
    is_packed = false;
  }
  absl::Status CheckTasks(const StepInput& input);

  LayerWeights Parameters(int32_t layer);
  void UpdateWeights(const OutputTask& task, const StepInput& input, ThreadScratch& mine);
  void UpdateBias(const OutputTask& task, const StepInput& input, ThreadScratch& mine);
  void UpdateTable(const OutputTask& task, const StepInput& input, ThreadScratch& mine);
};

absl::Status TrainStep::Impl::AllocateScratch() {
  int64_t row = network->shape().dense_width, bias = 0, dimension = 0, vocabulary = 0;
  for (const DenseLayer& layer : network->layers()) {
    row = std::max<int64_t>(row, layer.outputs);
    bias = std::max<int64_t>(bias, layer.outputs);
  }
  for (const EmbeddingTable& table : network->embeddings()) {
    dimension = std::max<int64_t>(dimension, table.dimension);
    vocabulary = std::max(vocabulary, table.vocabulary);
  }
  const int64_t batch = dimension > 0 ? options.batch_size : 0;
  scratch.resize(static_cast<size_t>(pool->threads()));
  for (ThreadScratch& mine : scratch) {
    ASSIGN_OR_RETURN(mine.tile, AlignedBuffer<float>::Create(std::max(
                                    {plan.max_tile_elements, bias, mask.block_scratch_floats()})));
    ASSIGN_OR_RETURN(mine.row, AlignedBuffer<float>::Create(row));
    ASSIGN_OR_RETURN(mine.sums, AlignedBuffer<float>::Create(batch * dimension));
    ASSIGN_OR_RETURN(mine.distinct, AlignedBuffer<int32_t>::Create(batch));
    ASSIGN_OR_RETURN(mine.slots, AlignedBuffer<int32_t>::Create(vocabulary));
    std::fill_n(mine.slots.data(), vocabulary, -1);
  }
  return absl::OkStatus();
}

absl::Status TrainStep::Impl::Allocate() {
  ASSIGN_OR_RETURN(rows, RowMatrices::Create(*network, options.batch_size, /*backward=*/true,
                                             options.half_products));
  ASSIGN_OR_RETURN(products,
                   LayerProducts::Create(*network, /*backward=*/true, options.half_products));
  ASSIGN_OR_RETURN(mask, StepMask::Create(fold, plan, options.half_products));
  RETURN_IF_ERROR(AllocateScratch());
  ASSIGN_OR_RETURN(optimizer,
                   OptimizerState::Create(options.optimizer,
                                          static_cast<int64_t>(network->parameters().size())));
  block_loss.resize(
      static_cast<size_t>((options.batch_size + plan.block_rows - 1) / plan.block_rows));
  if (options.input_noise > 0) noise_stream.emplace(options.seed, options.stream + "/noise");
  if (options.dropout > 0) dropout_stream.emplace(options.seed, options.stream + "/dropout");
  return absl::OkStatus();
}

absl::Status TrainStep::Impl::CheckInput(const StepInput& input) const {
  if (input.rows < 1 || input.rows > options.batch_size) {
    return absl::InvalidArgumentError(
        absl::StrCat("a step of ", input.rows, " rows, expected 1 to ", options.batch_size));
  }
  const auto candidates = static_cast<size_t>(fold == nullptr ? 0 : fold->num_candidates);
  if (!input.mask.empty() && input.mask.size() != candidates) {
    return absl::InvalidArgumentError(
        absl::StrCat("a mask of ", input.mask.size(), " candidates, expected ", candidates));
  }
  if (!input.mask_gradient.empty() && input.mask_gradient.size() != input.mask.size()) {
    return absl::InvalidArgumentError("the mask's gradient has another size than the mask");
  }
  if (!input.ridge.empty() &&
      (input.ridge.size() != input.mask.size() || fold->kind == GateKind::kBlock)) {
    return absl::InvalidArgumentError(
        "a ridge needs a mask of its size on a feature or chunk gate");
  }
  return absl::OkStatus();
}

LayerWeights TrainStep::Impl::Parameters(int32_t layer) {
  const int64_t place = network->layers()[layer].weights;
  return {network->weights(layer), optimizer.first(place), optimizer.second(place)};
}

void TrainStep::Impl::PackPhase(const StepInput& input) {
  const KernelTimer timer(Kernel::kPack);
  const bool dropped_gradient = !input.mask_gradient.empty() && input.dropped_gradient;
  mask.BeginStep(input.mask, input.ridge, dropped_gradient, *network, products, *pool);
  if (is_packed) return;
  const auto pack = [&](int layer, int) {
    if (!mask.packs(layer)) products.Pack(layer, network->weights(layer));
  };
  pool->Run(static_cast<int>(network->layers().size()), pack);
  is_packed = true;
}

double TrainStep::Impl::RowsPhase(const StepInput& input, const BatchSource& source) {
  const KernelTimer timer(Kernel::kRows);
  StepNoise noise;
  noise.input_stream = noise_stream ? &*noise_stream : nullptr;
  noise.input_stddev = options.input_noise;
  noise.dropout_stream = dropout_stream ? &*dropout_stream : nullptr;
  noise.dropout = options.dropout;
  noise.first_row = static_cast<uint64_t>(input.step) * static_cast<uint64_t>(options.batch_size);
  const float scale = static_cast<float>(1.0 / input.rows);
  const auto task = [&](int index, int thread) {
    const int64_t begin = index * plan.block_rows;
    const int64_t end = std::min<int64_t>(begin + plan.block_rows, input.rows);
    if (ops::ThreadLimit() != 1) unlimited_thread = true;
    pass.Load(source, begin, end, thread, /*with_target=*/true, begin, rows);
    if (noise.input_stream != nullptr) {
      pass.AddNoise(noise, begin, end, scratch[thread].row.data(), rows);
    }
    pass.Forward(begin, end, &noise, rows);
    block_loss[index] = pass.Loss(options.loss, begin, end, scale, rows);
    pass.Backward(begin, end, options.dropout, rows);
  };
  const auto blocks = static_cast<int>((input.rows + plan.block_rows - 1) / plan.block_rows);
  pool->Run(blocks, task);
  double total = 0;
  for (int block = 0; block < blocks; ++block) total += block_loss[block];
  return total / input.rows;
}

void TrainStep::Impl::UpdateWeights(const OutputTask& task, const StepInput& input,
                                    ThreadScratch& mine) {
  const DenseLayer& layer = network->layers()[task.index];
  const RowMatrix& x = rows.layer_input(task.index);
  const RowMatrix& dz = rows.gradient[task.index];
  float* gradient = mine.tile.data();
  const bool sum = !input.mask_gradient.empty();
  if (mask.is_sparse(task.index)) {
    return mask.UpdateBlocks(task.begin, task.end, dense_step, input.rows, x, dz,
                             Parameters(task.index), sum, gradient);
  }
  products.WeightGradient(task.index, task.begin, task.end, input.rows, x, dz, gradient);
  if (mask.is_masked(task.index)) {
    return mask.UpdateTile(task.index, task.begin, task.end, dense_step, gradient,
                           Parameters(task.index), sum, mine.row.data());
  }
  const int64_t offset = static_cast<int64_t>(task.begin) * layer.outputs;
  ops::OptimizerUpdate(dense_step, static_cast<int64_t>(task.end - task.begin) * layer.outputs,
                       1.0f, gradient, network->weights(task.index) + offset,
                       optimizer.first(layer.weights + offset),
                       optimizer.second(layer.weights + offset));
  products.Pack(task.index, task.begin, task.end, network->weights(task.index));
}

void TrainStep::Impl::UpdateBias(const OutputTask& task, const StepInput& input,
                                 ThreadScratch& mine) {
  const DenseLayer& layer = network->layers()[task.index];
  const RowMatrix& dz = rows.gradient[task.index];
  ops::BiasGradient(input.rows, layer.outputs, dz.data, dz.stride, mine.tile.data());
  ops::OptimizerUpdate(bias_step, layer.outputs, 1.0f, mine.tile.data(), network->bias(task.index),
                       optimizer.first(layer.bias), optimizer.second(layer.bias));
}

void TrainStep::Impl::UpdateTable(const OutputTask& task, const StepInput& input,
                                  ThreadScratch& mine) {
  const EmbeddingTable& table = network->embeddings()[task.index];
  const float* live_dimensions = nullptr;
  if (mask.live_inputs() != nullptr) {
    const float* field = mask.live_inputs() + table.first_row;
    const auto frozen = std::count(field, field + table.dimension, 0.0f);
    if (frozen == table.dimension) return;
    if (frozen > 0) live_dimensions = field;
  }
  const bool is_whole = task.begin == 0 && task.end == table.vocabulary;
  const int64_t count = ops::MergeEmbeddingRows(
      input.rows, rows.codes.data() + table.slot, rows.code_stride,
      rows.vector_gradient.data + table.place, rows.vector_gradient.stride, table.dimension,
      mine.slots.data(), mine.distinct.data(), mine.sums.data(),
      is_whole ? ops::CodeRange{} : ops::CodeRange{task.begin, task.end});
  if (!options.optimizer.lazy_rows) {
    ops::OptimizerUpdateTable(table_step, task.begin, task.end, count, table.dimension,
                              mine.distinct.data(), mine.slots.data(), live_dimensions,
                              mine.sums.data(), network->table(task.index),
                              optimizer.first(table.values), optimizer.second(table.values));
    return;
  }
  ops::OptimizerUpdateRows(table_step, count, table.dimension, mine.distinct.data(),
                           live_dimensions, mine.sums.data(), network->table(task.index),
                           optimizer.first(table.values), optimizer.second(table.values));
}

void TrainStep::Impl::OutputsPhase(const StepInput& input) {
  const KernelTimer timer(Kernel::kOutputs);
  const auto run = [&](int index, int thread) {
    if (ops::ThreadLimit() != 1) unlimited_thread = true;
    const OutputTask& task = plan.outputs[index];
    switch (task.kind) {
      case OutputTask::Kind::kWeights:
        return UpdateWeights(task, input, scratch[thread]);
      case OutputTask::Kind::kBias:
        return UpdateBias(task, input, scratch[thread]);
      case OutputTask::Kind::kTable:
        return UpdateTable(task, input, scratch[thread]);
    }
  };
  pool->Run(static_cast<int>(plan.outputs.size()), run);
  is_packed = true;
  mask.EndStep(input.mask_gradient);
}

absl::Status TrainStep::Impl::CheckTasks(const StepInput& input) {
  if (unlimited_thread.exchange(false)) {
    return absl::FailedPreconditionError(
        absl::StrCat("training step ", input.step,
                     ": a pool thread has more than one OpenMP thread; results would depend on it. "
                     "The pool must be made with ops::UseOneThread"));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> TrainStep::Impl::Run(const StepInput& input, const BatchSource& source) {
  RETURN_IF_ERROR(CheckInput(input));
  dense_step = optimizer.Next(input.learning_rate, input.weight_decay);
  bias_step = optimizer.Next(input.learning_rate, 0.0);
  table_step = optimizer.Next(input.learning_rate, input.embedding_weight_decay);
  PackPhase(input);
  const double loss = RowsPhase(input, source);
  RETURN_IF_ERROR(CheckTasks(input));
  if (!std::isfinite(loss)) return NonFiniteLoss(input.step, loss, *network, rows, input.rows);
  WeightsChanged();  // also when the phase fails half way
  OutputsPhase(input);
  RETURN_IF_ERROR(CheckTasks(input));
  optimizer.Finish();
  return loss;
}

absl::StatusOr<std::unique_ptr<TrainStep>> TrainStep::Create(Network* network,
                                                             const gates::WeightFold* fold,
                                                             const TrainStepOptions& options,
                                                             ShardPool* pool) {
  RETURN_IF_ERROR(CheckOptions(options, *network));
  auto impl = std::make_unique<Impl>(network, fold, options, pool);
  RETURN_IF_ERROR(impl->Allocate());
  return std::unique_ptr<TrainStep>(new TrainStep(std::move(impl)));
}

TrainStep::TrainStep(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TrainStep::~TrainStep() = default;

absl::StatusOr<double> TrainStep::Run(const StepInput& input, const BatchSource& source) {
  return impl_->Run(input, source);
}

void TrainStep::WeightsChanged() { impl_->WeightsChanged(); }

void TrainStep::ResetOptimizer() { impl_->optimizer.Reset(); }

void TrainStep::SaveOptimizer(const std::string& prefix, Checkpoint& checkpoint) const {
  impl_->optimizer.Save(prefix, checkpoint);
}

absl::Status TrainStep::LoadOptimizer(const std::string& prefix, const Checkpoint& checkpoint) {
  return impl_->optimizer.Load(prefix, checkpoint);
}

}  // namespace winnow::nn
