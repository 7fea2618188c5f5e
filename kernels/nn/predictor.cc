#include "kernels/nn/predictor.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kernels/base/aligned_buffer.h"
#include "kernels/base/kernel_clock.h"
#include "kernels/base/status.h"
#include "kernels/gates/block_engine.h"
#include "kernels/nn/layer_products.h"
#include "kernels/nn/row_matrices.h"
#include "kernels/nn/row_pass.h"

namespace winnow::nn {
namespace {

// Blocks whose partial sums are held at a time.
constexpr int64_t kWaveBlocks = 64;

}  // namespace

struct Predictor::Impl {
  const Network* network;
  const gates::WeightFold* fold;
  ShardPool* pool;
  LayerProducts products;
  RowPass pass;
  std::vector<RowMatrices> rows;                        // by thread
  std::vector<const gates::WeightFold*> fold_of_layer;  // null: none
  std::vector<AlignedBuffer<float>> folded;             // by layer
  std::optional<gates::BlockEngine> engine;  // of the fold's layer, where its blocks allow one

  Impl(const Network* network_in, const gates::WeightFold* fold_in, ShardPool* pool_in)
      : network(network_in), fold(fold_in), pool(pool_in), pass(*network_in, products) {}

  // Packs the present weights, layer by layer, those of the gate under the mask.
  absl::Status SetMask(std::span<const float> mask);

  // Loads and forwards every block; then calls use(block, begin, end, rows of the block).
  template <typename Use>
  void ForEachBlock(const BatchSource& source, int64_t begin_row, int64_t end_row, bool with_target,
                    const Use& use);
};

absl::Status Predictor::Impl::SetMask(std::span<const float> mask) {
  const int64_t candidates = fold == nullptr ? 0 : fold->num_candidates;
  if (!mask.empty() && static_cast<int64_t>(mask.size()) != candidates) {
    return absl::InvalidArgumentError(
        absl::StrCat("a mask of ", mask.size(), " candidates, expected ", candidates));
  }
  const bool is_sparse = engine && engine->Begin(mask, /*dropped_gradient=*/false);
  if (engine) products.SetBlocks(fold->layer, is_sparse ? &engine->blocks() : nullptr);
  const auto pack = [&](int layer, int) {
    const float* weights = network->weights(layer);
    if (is_sparse && fold->layer == layer) {
      for (int32_t p = 0; p < engine->grid_rows(); ++p) engine->PackRow(p, weights);
      return;
    }
    const gates::WeightFold* gate = fold_of_layer[layer];
    if (!mask.empty() && gate != nullptr) {
      gates::FoldRows(*gate, mask, 0, gate->rows, weights, folded[layer].data());
      weights = folded[layer].data();
    }
    products.Pack(layer, weights);
  };
  pool->Run(static_cast<int>(network->layers().size()), pack);
  return absl::OkStatus();
}

template <typename Use>
void Predictor::Impl::ForEachBlock(const BatchSource& source, int64_t begin_row, int64_t end_row,
                                   bool with_target, const Use& use) {
  const KernelTimer timer(Kernel::kPredict);
  const auto task = [&](int block, int thread) {
    const int64_t begin = begin_row + block * kPredictBlockRows;
    const int64_t end = std::min(begin + kPredictBlockRows, end_row);
    RowMatrices& mine = rows[thread];
    pass.Load(source, begin, end, thread, with_target, 0, mine);
    pass.Forward(0, end - begin, nullptr, mine);
    use(block, begin, end, mine);
  };
  pool->Run(static_cast<int>((end_row - begin_row + kPredictBlockRows - 1) / kPredictBlockRows),
            task);
}

absl::StatusOr<std::unique_ptr<Predictor>> Predictor::Create(const Network* network,
                                                             const gates::WeightFold* fold,
                                                             ShardPool* pool) {
  auto impl = std::make_unique<Impl>(network, fold, pool);
  ASSIGN_OR_RETURN(impl->products, LayerProducts::Create(*network, /*backward=*/false));
  for (int thread = 0; thread < pool->threads(); ++thread) {
    ASSIGN_OR_RETURN(RowMatrices rows,
                     RowMatrices::Create(*network, kPredictBlockRows, /*backward=*/false));
    impl->rows.push_back(std::move(rows));
  }
  impl->fold_of_layer.assign(network->layers().size(), nullptr);
  impl->folded.resize(network->layers().size());
  if (fold != nullptr) {
    impl->fold_of_layer[fold->layer] = fold;
    ASSIGN_OR_RETURN(impl->engine, gates::BlockEngine::Create(*fold));
    for (const gates::WeightFold& other : fold->others) impl->fold_of_layer[other.layer] = &other;
  }
  for (size_t l = 0; l < impl->folded.size(); ++l) {
    if (impl->fold_of_layer[l] == nullptr) continue;
    ASSIGN_OR_RETURN(impl->folded[l],
                     AlignedBuffer<float>::Create(network->layers()[l].weight_count()));
  }
  return std::unique_ptr<Predictor>(new Predictor(std::move(impl)));
}

Predictor::Predictor(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Predictor::~Predictor() = default;

absl::Status Predictor::Logits(const BatchSource& source, int64_t rows, std::span<const float> mask,
                               std::span<float> logits) {
  const int64_t outputs = impl_->network->shape().outputs;
  if (static_cast<int64_t>(logits.size()) != rows * outputs) {
    return absl::InvalidArgumentError(
        absl::StrCat("room for ", logits.size(), " logits, expected ", rows * outputs));
  }
  RETURN_IF_ERROR(impl_->SetMask(mask));
  impl_->ForEachBlock(source, 0, rows, /*with_target=*/false,
                      [&](int64_t, int64_t begin, int64_t end, const RowMatrices& block) {
                        for (int64_t i = begin; i < end; ++i) {
                          std::copy_n(block.output.back().row(i - begin), outputs,
                                      &logits[i * outputs]);
                        }
                      });
  return absl::OkStatus();
}

absl::StatusOr<double> Predictor::MeanLoss(LossKind loss, const BatchSource& source, int64_t rows,
                                           std::span<const float> mask) {
  RETURN_IF_ERROR(impl_->SetMask(mask));
  const auto blocks = static_cast<size_t>((rows + kPredictBlockRows - 1) / kPredictBlockRows);
  std::vector<double> losses(blocks), weights(blocks);
  impl_->ForEachBlock(source, 0, rows, /*with_target=*/true,
                      [&](int64_t block, int64_t begin, int64_t end, RowMatrices& mine) {
                        losses[block] = impl_->pass.Loss(loss, 0, end - begin, 0.0f, mine);
                        double weight = 0;
                        for (int64_t i = 0; i < end - begin; ++i) weight += mine.weight[i];
                        weights[block] = weight;
                      });
  double total = 0, weight = 0;
  for (size_t block = 0; block < blocks; ++block) {
    total += losses[block];
    weight += weights[block];
  }
  const double mean = total / weight;
  if (std::isfinite(mean)) return mean;
  RETURN_IF_ERROR(impl_->network->CheckFinite());
  return absl::InternalError(absl::StrCat("the mean loss over ", rows, " rows is ", mean,
                                          "; sum of losses ", total, ", of weights ", weight));
}

absl::Status Predictor::LayerInputRms(int32_t layer, const BatchSource& source, int64_t rows,
                                      std::span<const float> mask, std::span<float> out) {
  const int64_t inputs = impl_->network->layers()[layer].inputs;
  RETURN_IF_ERROR(impl_->SetMask(mask));
  std::vector<double> squares(static_cast<size_t>(inputs), 0.0);
  std::vector<double> partial(static_cast<size_t>(kWaveBlocks * inputs));
  for (int64_t wave = 0; wave < rows; wave += kWaveBlocks * kPredictBlockRows) {
    const int64_t end_row = std::min(wave + kWaveBlocks * kPredictBlockRows, rows);
    std::fill(partial.begin(), partial.end(), 0.0);
    impl_->ForEachBlock(source, wave, end_row, /*with_target=*/false,
                        [&](int64_t block, int64_t begin, int64_t end, const RowMatrices& mine) {
                          double* sums = &partial[block * inputs];
                          for (int64_t i = 0; i < end - begin; ++i) {
                            const float* x = mine.layer_input(layer).row(i);
                            for (int64_t r = 0; r < inputs; ++r)
                              sums[r] += static_cast<double>(x[r]) * x[r];
                          }
                        });
    for (int64_t block = 0; block < kWaveBlocks; ++block) {
      for (int64_t r = 0; r < inputs; ++r) squares[r] += partial[block * inputs + r];
    }
  }
  for (int64_t r = 0; r < inputs; ++r) {
    out[r] = static_cast<float>(std::sqrt(squares[r] / static_cast<double>(rows)));
  }
  return absl::OkStatus();
}

}  // namespace winnow::nn
