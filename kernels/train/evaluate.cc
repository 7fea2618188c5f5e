#include "kernels/train/evaluate.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <memory>
#include <vector>

#include "kernels/base/large_table.h"
#include "kernels/base/status.h"
#include "kernels/nn/predictor.h"
#include "kernels/train/bootstrap.h"
#include "kernels/train/metrics.h"

namespace winnow::train {
namespace {

// Rows between two looks at the stop token: some tens of milliseconds for a model of a few hundred
// units, and enough blocks of kPredictBlockRows for many threads.
constexpr int64_t kChunkRows = 16384;

// Appends one row's scores to `scored`.
class RowReducer {
 public:
  RowReducer(const JobContext& context, ScoredRows& scored)
      : table_(context.table->table()),
        shift_(context.table->target_mean()),
        scale_(context.table->target_stddev()),
        scored_(scored) {}

  void Append(uint32_t row, std::span<const float> logits) {
    const float label = table_.target(row);
    scored_.label.push_back(label);
    if (table_.shape().has_weight) scored_.weight.push_back(table_.weight(row));
    if (table_.shape().has_group) scored_.group.push_back(table_.group(row));
    switch (scored_.target) {
      case TargetKind::kBinary:
        scored_.score.push_back(logits[0]);
        break;
      case TargetKind::kRegression:
        scored_.score.push_back(static_cast<float>(shift_ + scale_ * logits[0]));
        break;
      case TargetKind::kMulticlass:
        AppendClass(static_cast<size_t>(label), logits);
        break;
    }
  }

 private:
  void AppendClass(size_t label, std::span<const float> logits) {
    const auto best = std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float z : logits) sum += std::exp(static_cast<double>(z) - *best);
    const double log_sum = std::log(sum);
    scored_.score.push_back(
        static_cast<float>(static_cast<double>(logits[label]) - *best - log_sum));
    scored_.predicted.push_back(static_cast<int32_t>(best - logits.begin()));
    scored_.confidence.push_back(static_cast<float>(std::exp(-log_sum)));
  }

  const data::PackedTable& table_;
  double shift_, scale_;
  ScoredRows& scored_;
};

absl::StatusOr<MetricSamples> Measure(const JobContext& context, const MaskedModel& model,
                                      const data::RowSet& part) {
  const plan::EvaluationSpec& spec = context.plan->spec.evaluation;
  const std::vector<uint32_t> rows = EvenlySpaced(part, kMeasuredRows);
  ASSIGN_OR_RETURN(const ScoredRows scored, Score(context, model, rows));
  ASSIGN_OR_RETURN(const MetricTable table, MetricTable::Make(scored, spec.metrics));
  return Bootstrap(table, {.samples = spec.bootstrap_samples.value_or(0), .seed = context.seed()},
                   *context.pool, [&] { return context.CheckCancelled(); });
}

}  // namespace

absl::StatusOr<ScoredRows> Score(const JobContext& context, const MaskedModel& model,
                                 std::span<const uint32_t> rows) {
  const auto outputs = static_cast<size_t>(model.network->shape().outputs);
  ScoredRows scored;
  scored.target = context.table->profile().target.kind;
  RowReducer reducer(context, scored);
  ASSIGN_OR_RETURN(const std::unique_ptr<nn::Predictor> predictor,
                   nn::Predictor::Create(model.network, model.fold, context.pool));
  TableSource source(context, model.network->shape());
  std::vector<float> logits;
  for (size_t begin = 0; begin < rows.size(); begin += kChunkRows) {
    RETURN_IF_ERROR(context.CheckCancelled());
    const auto chunk = rows.subspan(begin, std::min<size_t>(kChunkRows, rows.size() - begin));
    source.SetRows(chunk);
    logits.resize(chunk.size() * outputs);
    RETURN_IF_ERROR(predictor->Logits(source, static_cast<int64_t>(chunk.size()), model.mask,
                                      std::span<float>(logits)));
    for (size_t i = 0; i < chunk.size(); ++i) {
      reducer.Append(chunk[i], std::span<const float>(logits).subspan(i * outputs, outputs));
    }
    context.table->Release(chunk);
  }
  return scored;
}

absl::StatusOr<double> MeanLoss(const JobContext& context, const MaskedModel& model,
                                std::span<const uint32_t> rows) {
  ASSIGN_OR_RETURN(const std::unique_ptr<nn::Predictor> predictor,
                   nn::Predictor::Create(model.network, model.fold, context.pool));
  TableSource source(context, model.network->shape());
  double sum = 0, total = 0;
  for (size_t begin = 0; begin < rows.size(); begin += kChunkRows) {
    RETURN_IF_ERROR(context.CheckCancelled());
    const auto chunk = rows.subspan(begin, std::min<size_t>(kChunkRows, rows.size() - begin));
    source.SetRows(chunk);
    const double weight = MeanWeight(context.table->table(), chunk) * chunk.size();
    ASSIGN_OR_RETURN(
        const double mean,
        predictor->MeanLoss(context.loss, source, static_cast<int64_t>(chunk.size()), model.mask));
    sum += weight * mean;
    total += weight;
    context.table->Release(chunk);
  }
  return sum / total;
}

absl::StatusOr<double> ValidationLoss(const JobContext& context, const MaskedModel& model) {
  return MeanLoss(context, model,
                  EvenlySpaced(context.table->validation_rows(), kEpochValidationRows));
}

absl::StatusOr<ModelResult> Evaluate(const JobContext& context, const MaskedModel& model) {
  ModelResult result;
  ASSIGN_OR_RETURN(result.validation, Measure(context, model, context.table->validation_rows()));
  ASSIGN_OR_RETURN(result.test, Measure(context, model, context.table->test_rows()));
  return result;
}

ModelResult Unmeasured(const plan::Plan& plan) {
  MetricSamples none;
  none.names = plan.spec.evaluation.metrics;
  none.values.resize(none.names.size());
  none.samples.resize(none.names.size());
  return {.validation = none, .test = none};
}

}  // namespace winnow::train
