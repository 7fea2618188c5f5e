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
#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/nn/numeric_error.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/nn/row_pass.h"
#include "kernels/nn/step_plan.h"
#include "kernels/ops/activation.h"
#include "kernels/ops/dense.h"
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
  RowPass pass;
  RowMatrices rows;
  std::optional<RngStream> noise_stream, dropout_stream;
  std::vector<double> block_loss;
  std::vector<ThreadScratch> scratch;
  std::atomic<bool> out_of_memory{false};     // a task saw oneDNN fail
  std::atomic<bool> unlimited_thread{false};  // a task ran on a thread without UseOneThread

  // Optimizer. Moments have the layout of the parameters.
  int64_t steps_done = 0;
  AlignedBuffer<float> m, v;
  ops::OptimizerStep dense_step, bias_step, table_step;

  // Gate.
  AlignedBuffer<float> folded;    // W_hat
  AlignedBuffer<float> run_sums;  // see gates::RunSums
  std::optional<gates::MaskGradient> mask_gradient;
  std::vector<float> mask;        // of this step, and of the one before until it is replaced
  std::vector<float> live;        // [input_width], 0 where the mask freezes an embedding
  bool fold_is_current = false;   // `folded` is `mask` times the present weights
  bool refold_in_update = false;  // the mask stood still: the update writes W_hat along

  Impl(Network* network_in, const gates::WeightFold* fold_in, const TrainStepOptions& options_in,
       ShardPool* pool_in)
      : network(network_in),
        fold(fold_in),
        options(options_in),
        pool(pool_in),
        plan(MakeStepPlan(*network_in, fold_in, options_in.batch_size)),
        pass(*network_in) {}

  absl::Status Allocate();
  absl::Status AllocateScratch();
  absl::Status CheckInput(const StepInput& input) const;
  absl::StatusOr<double> Run(const StepInput& input, const BatchSource& source);

  void BeginOptimizerStep(const StepInput& input);
  void SetMask(std::span<const float> next);
  void FoldWeights();
  double RowsPhase(const StepInput& input, const BatchSource& source);
  void OutputsPhase(const StepInput& input);
  absl::Status CheckTasks(const StepInput& input);

  float* first_moment(int64_t place) { return m.size() == 0 ? nullptr : m.data() + place; }
  float* second_moment(int64_t place) { return v.size() == 0 ? nullptr : v.data() + place; }
  bool is_masked(int32_t layer) const { return !mask.empty() && fold->layer == layer; }

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
    ASSIGN_OR_RETURN(mine.tile,
                     AlignedBuffer<float>::Create(std::max(plan.max_tile_elements, bias)));
    ASSIGN_OR_RETURN(mine.row, AlignedBuffer<float>::Create(row));
    ASSIGN_OR_RETURN(mine.sums, AlignedBuffer<float>::Create(batch * dimension));
    ASSIGN_OR_RETURN(mine.distinct, AlignedBuffer<int32_t>::Create(batch));
    ASSIGN_OR_RETURN(mine.slots, AlignedBuffer<int32_t>::Create(vocabulary));
    std::fill_n(mine.slots.data(), vocabulary, -1);
  }
  return absl::OkStatus();
}

absl::Status TrainStep::Impl::Allocate() {
  ASSIGN_OR_RETURN(rows, RowMatrices::Create(*network, options.batch_size, /*backward=*/true));
  RETURN_IF_ERROR(AllocateScratch());
  const auto size = static_cast<int64_t>(network->parameters().size());
  const int moments = ops::MomentCount(options.optimizer);
  if (moments > 0) {
    ASSIGN_OR_RETURN(m, AlignedBuffer<float>::Create(size));
  }
  if (moments > 1) {
    ASSIGN_OR_RETURN(v, AlignedBuffer<float>::Create(size));
  }
  block_loss.resize(
      static_cast<size_t>((options.batch_size + plan.block_rows - 1) / plan.block_rows));
  if (options.input_noise > 0) noise_stream.emplace(options.seed, options.stream + "/noise");
  if (options.dropout > 0) dropout_stream.emplace(options.seed, options.stream + "/dropout");
  if (fold == nullptr) return absl::OkStatus();
  const int64_t weights = network->layers()[fold->layer].weight_count();
  ASSIGN_OR_RETURN(folded, AlignedBuffer<float>::Create(weights));
  ASSIGN_OR_RETURN(run_sums, AlignedBuffer<float>::Create(static_cast<int64_t>(fold->rows) *
                                                          fold->column_blocks()));
  mask_gradient.emplace(*fold, plan.fold_tile_rows);
  mask.reserve(static_cast<size_t>(fold->num_candidates));
  live.assign(static_cast<size_t>(network->shape().input_width), 1.0f);
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
  return absl::OkStatus();
}

void TrainStep::Impl::BeginOptimizerStep(const StepInput& input) {
  const auto make = [&](double decay) {
    return ops::MakeOptimizerStep(options.optimizer, steps_done + 1, input.learning_rate, decay);
  };
  dense_step = make(input.weight_decay);
  bias_step = make(0.0);
  table_step = make(input.embedding_weight_decay);
}

void TrainStep::Impl::SetMask(std::span<const float> next) {
  const bool same = std::equal(mask.begin(), mask.end(), next.begin(), next.end());
  refold_in_update = same && !next.empty();
  if (same) return;
  mask.assign(next.begin(), next.end());
  fold_is_current = false;
  if (!fold->gates_inputs()) return;
  for (int32_t r = 0; r < fold->rows; ++r) {
    const int32_t base = fold->row_base[r];
    live[r] = mask.empty() || base < 0 || mask[base] != 0.0f ? 1.0f : 0.0f;
  }
}

void TrainStep::Impl::FoldWeights() {
  const float* weights = network->weights(fold->layer);
  const int32_t tile = plan.fold_tile_rows;
  const auto task = [&](int index, int) {
    const int32_t begin = index * tile, end = std::min(begin + tile, fold->rows);
    gates::FoldRows(*fold, mask, begin, end, weights, folded.data());
  };
  pool->Run((fold->rows + tile - 1) / tile, task);
  fold_is_current = true;
}

double TrainStep::Impl::RowsPhase(const StepInput& input, const BatchSource& source) {
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
    const bool forward = pass.Forward(begin, end, &noise, rows);
    block_loss[index] = pass.Loss(options.loss, begin, end, scale, rows);
    if (!forward || !pass.Backward(begin, end, options.dropout, rows)) out_of_memory = true;
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
  if (!ops::DenseWeightGradient(input.rows, task.end - task.begin, layer.outputs,
                                x.data + task.begin, x.stride, dz.data, dz.stride, gradient)) {
    out_of_memory = true;
    return;
  }
  const int64_t offset = static_cast<int64_t>(task.begin) * layer.outputs;
  float* weights = network->weights(task.index);
  if (!is_masked(task.index)) {
    const int64_t count = static_cast<int64_t>(task.end - task.begin) * layer.outputs;
    ops::OptimizerUpdate(dense_step, count, 1.0f, gradient, weights + offset,
                         first_moment(layer.weights + offset),
                         second_moment(layer.weights + offset));
    return;
  }
  if (!input.mask_gradient.empty()) {
    gates::RunSums(*fold, task.begin, task.end, weights, gradient, run_sums.data());
  }
  gates::UpdateRows(*fold, mask, task.begin, task.end, dense_step, gradient, weights,
                    first_moment(layer.weights), second_moment(layer.weights), mine.row.data());
  if (refold_in_update) {
    gates::FoldRows(*fold, mask, task.begin, task.end, weights, folded.data());
  }
}

void TrainStep::Impl::UpdateBias(const OutputTask& task, const StepInput& input,
                                 ThreadScratch& mine) {
  const DenseLayer& layer = network->layers()[task.index];
  const RowMatrix& dz = rows.gradient[task.index];
  ops::BiasGradient(input.rows, layer.outputs, dz.data, dz.stride, mine.tile.data());
  ops::OptimizerUpdate(bias_step, layer.outputs, 1.0f, mine.tile.data(), network->bias(task.index),
                       first_moment(layer.bias), second_moment(layer.bias));
}

void TrainStep::Impl::UpdateTable(const OutputTask& task, const StepInput& input,
                                  ThreadScratch& mine) {
  const EmbeddingTable& table = network->embeddings()[task.index];
  const float* live_dimensions = nullptr;
  if (!mask.empty() && fold->gates_inputs()) {
    const float* field = live.data() + table.first_row;
    const auto frozen = std::count(field, field + table.dimension, 0.0f);
    if (frozen == table.dimension) return;
    if (frozen > 0) live_dimensions = field;
  }
  const int64_t count = ops::MergeEmbeddingRows(
      input.rows, rows.codes.data() + table.slot, rows.code_stride,
      rows.input_gradient.data + table.first_row, rows.input_gradient.stride, table.dimension,
      mine.slots.data(), mine.distinct.data(), mine.sums.data());
  ops::OptimizerUpdateRows(table_step, count, table.dimension, mine.distinct.data(),
                           live_dimensions, mine.sums.data(), network->table(task.index),
                           first_moment(table.values), second_moment(table.values));
}

void TrainStep::Impl::OutputsPhase(const StepInput& input) {
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
  fold_is_current = refold_in_update;
  if (!input.mask_gradient.empty()) mask_gradient->Reduce(run_sums.data(), input.mask_gradient);
}

absl::Status TrainStep::Impl::CheckTasks(const StepInput& input) {
  if (unlimited_thread.exchange(false)) {
    return absl::FailedPreconditionError(
        absl::StrCat("training step ", input.step,
                     ": a pool thread has more than one OpenMP thread; results would depend on it. "
                     "The pool must be made with ops::UseOneThread"));
  }
  if (out_of_memory.exchange(false)) {
    return absl::ResourceExhaustedError(
        absl::StrCat("training step ", input.step, ": no memory for a matrix product"));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> TrainStep::Impl::Run(const StepInput& input, const BatchSource& source) {
  RETURN_IF_ERROR(CheckInput(input));
  BeginOptimizerStep(input);
  if (fold != nullptr) {
    SetMask(input.mask);
    if (!mask.empty() && !fold_is_current) FoldWeights();
    pass.SetFold(fold->layer, mask.empty() ? nullptr : folded.data());
  }
  const double loss = RowsPhase(input, source);
  RETURN_IF_ERROR(CheckTasks(input));
  if (!std::isfinite(loss)) return NonFiniteLoss(input.step, loss, *network, rows, input.rows);
  OutputsPhase(input);
  RETURN_IF_ERROR(CheckTasks(input));
  ++steps_done;
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

void TrainStep::WeightsChanged() { impl_->fold_is_current = false; }

void TrainStep::ResetOptimizer() {
  impl_->steps_done = 0;
  std::fill_n(impl_->m.data(), impl_->m.size(), 0.0f);
  std::fill_n(impl_->v.data(), impl_->v.size(), 0.0f);
}

void TrainStep::SaveOptimizer(const std::string& prefix, Checkpoint& checkpoint) const {
  const auto save = [&](const char* name, const AlignedBuffer<float>& moments) {
    checkpoint.PutArray(
        prefix + name, std::span<const float>(moments.data(), static_cast<size_t>(moments.size())));
  };
  checkpoint.PutValue(prefix + "/steps", impl_->steps_done);
  save("/m", impl_->m);
  save("/v", impl_->v);
}

absl::Status TrainStep::LoadOptimizer(const std::string& prefix, const Checkpoint& checkpoint) {
  const auto load = [&](const char* name, AlignedBuffer<float>& moments) {
    return checkpoint.GetArray(
        prefix + name, std::span<float>(moments.data(), static_cast<size_t>(moments.size())));
  };
  ASSIGN_OR_RETURN(impl_->steps_done, checkpoint.GetValue<int64_t>(prefix + "/steps"));
  RETURN_IF_ERROR(load("/m", impl_->m));
  return load("/v", impl_->v);
}

}  // namespace winnow::nn
