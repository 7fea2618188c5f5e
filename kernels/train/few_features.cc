#include "kernels/train/few_features.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>

#include "kernels/base/status.h"
#include "kernels/nn/predictor.h"
#include "kernels/train/subset.h"

namespace winnow::train {
namespace {

// Embedding tables are copied: beyond this the copy costs more than the inputs.
constexpr int64_t kMostParameters = int64_t{1} << 20;

// The inputs of a smaller network from the rows of the whole one.
class KeptInputs final : public nn::BatchSource {
 public:
  KeptInputs(const CachedSource& rows, const plan::ModelShape& whole, const plan::ModelShape& kept)
      : rows_(rows) {
    std::map<int32_t, int32_t> place;  // by column: dense input or code
    int32_t dense = 0, codes = 0;
    for (const plan::InputField& field : whole.fields) {
      place[field.column] = field.categorical ? codes++ : dense;
      if (!field.categorical) dense += field.rows;
    }
    for (const plan::InputField& field : kept.fields) {
      const int32_t first = place[field.column];
      if (field.categorical) {
        codes_.push_back(first);
        continue;
      }
      for (int32_t i = 0; i < field.rows; ++i) dense_.push_back(first + i);
    }
  }

  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override {
    rows_.Fill(begin, end, thread, {.target = out.target, .weight = out.weight});
    for (int64_t i = begin; i < end; ++i) {
      float* const dense = out.dense + (i - begin) * out.dense_stride;
      for (size_t j = 0; j < dense_.size(); ++j) dense[j] = rows_.dense(i)[dense_[j]];
      int32_t* const codes = out.codes + (i - begin) * static_cast<int64_t>(codes_.size());
      for (size_t j = 0; j < codes_.size(); ++j) codes[j] = rows_.codes(i)[codes_[j]];
    }
  }

 private:
  const CachedSource& rows_;
  std::vector<int32_t> dense_, codes_;
};

// The parameters of the whole network under the mask, for the fields of `small`.
void CopyKept(const nn::Network& whole, const gates::WeightFold& fold, std::span<const float> mask,
              nn::Network& small) {
  std::map<int32_t, int32_t> first_row;  // by column
  for (const plan::InputField& field : whole.shape().fields) {
    first_row[field.column] = field.first_row;
  }
  const int64_t columns = whole.layers()[0].outputs;
  for (const plan::InputField& field : small.shape().fields) {
    for (int32_t i = 0; i < field.rows; ++i) {
      const int32_t row = first_row[field.column] + i;
      const float multiplier = fold.row_multiplier(mask, row);
      const float* from = whole.weights(0) + row * columns;
      float* to = small.weights(0) + (field.first_row + i) * columns;
      for (int64_t j = 0; j < columns; ++j) to[j] = multiplier * from[j];
    }
  }
  for (size_t l = 0; l < whole.layers().size(); ++l) {
    const auto layer = static_cast<int32_t>(l);
    if (l > 0) {
      std::copy_n(whole.weights(layer), whole.layers()[l].weight_count(), small.weights(layer));
    }
    std::copy_n(whole.bias(layer), whole.layers()[l].outputs, small.bias(layer));
  }
  std::map<int32_t, const float*> tables;  // by column
  for (const nn::EmbeddingTable& table : whole.embeddings()) {
    tables[table.column] = whole.table(table.slot);
  }
  for (const nn::EmbeddingTable& table : small.embeddings()) {
    std::copy_n(tables[table.column], table.vocabulary * table.dimension, small.table(table.slot));
  }
}

}  // namespace

std::optional<std::vector<int32_t>> FewFeatures(const plan::Plan& plan, const nn::Network& network,
                                                std::span<const float> mask) {
  if (plan.candidates.gate != GateKind::kFeature || network.has_bottom() || network.has_dots() ||
      static_cast<int64_t>(mask.size()) != plan.candidates.size()) {
    return std::nullopt;
  }
  std::vector<int32_t> kept;
  for (size_t c = 0; c < mask.size(); ++c) {
    if (mask[c] != 0.0f) kept.push_back(static_cast<int32_t>(c));
  }
  if (kept.empty() || 2 * kept.size() > mask.size()) return std::nullopt;
  const plan::ModelShape shape = SubsetShape(network.shape(), plan.candidates, kept);
  if (shape.parameters > kMostParameters) return std::nullopt;
  return kept;
}

absl::StatusOr<double> LossOfFewFeatures(const JobContext& context, const nn::Network& network,
                                         const gates::WeightFold& fold, std::span<const float> mask,
                                         const std::vector<int32_t>& kept,
                                         const CachedSource& rows) {
  const plan::ModelShape shape = SubsetShape(network.shape(), context.plan->candidates, kept);
  ASSIGN_OR_RETURN(nn::Network small, nn::Network::Create(shape));
  CopyKept(network, fold, mask, small);
  ASSIGN_OR_RETURN(const std::unique_ptr<nn::Predictor> predictor,
                   nn::Predictor::Create(&small, nullptr, context.pool));
  const KeptInputs inputs(rows, network.shape(), shape);
  return predictor->MeanLoss(context.loss, inputs, rows.rows(), {});
}

}  // namespace winnow::train
