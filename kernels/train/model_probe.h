// What a selector may ask of the network being trained.
#ifndef WINNOW_KERNELS_TRAIN_MODEL_PROBE_H_
#define WINNOW_KERNELS_TRAIN_MODEL_PROBE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/model_probe.h"
#include "kernels/data/batch_schedule.h"
#include "kernels/gates/weight_fold.h"
#include "kernels/nn/gradient_pass.h"
#include "kernels/nn/network.h"
#include "kernels/nn/predictor.h"
#include "kernels/train/column_sample.h"
#include "kernels/train/job_context.h"
#include "kernels/train/table_source.h"

namespace winnow::train {

// Rows behind ValidationLoss and, for layers behind the first, Contributions: fixed, evenly spaced,
// so that 50 gains of a 784-input network cost about 0.3 s and are comparable with each other.
inline constexpr int64_t kProbeRows = 4096;

// OWNERSHIP: all arguments outlive the probe.
class NetworkProbe final : public ModelProbe {
 public:
  static absl::StatusOr<std::unique_ptr<NetworkProbe>> Create(const JobContext& context,
                                                              const nn::Network& network,
                                                              const gates::WeightFold& fold);

  int64_t num_candidates() const override { return fold_.num_candidates; }
  void WeightNorms(std::span<float> out) const override;
  absl::Status Contributions(std::span<float> out) override;
  // FAILED_PRECONDITION when the job has no validation rows.
  absl::StatusOr<double> ValidationLoss(std::span<const float> mask) override;

  absl::Status Inputs(int32_t candidate, int64_t max_rows, std::vector<InputColumn>& out) override;
  absl::Status Targets(int64_t max_rows, TargetSample& out) override;
  absl::Status BatchInputs(int64_t max_rows, std::vector<float>& out) override;
  absl::Status ResidualCorrelations(std::span<const float> mask, int64_t max_rows,
                                    std::span<float> out) override;
  absl::Status ValidationMaskGradient(int64_t draw, std::span<const float> mask,
                                      std::span<float> out) override;
  absl::Status Saliency(int64_t max_rows, std::span<float> out) override;
  absl::StatusOr<double> PermutedLoss(int32_t candidate, int64_t draw, int64_t max_rows) override;

  // The batch that BatchInputs shows. OWNERSHIP: it outlives the calls.
  void SetBatch(const nn::BatchSource* batch, int64_t rows) {
    batch_ = batch;
    batch_rows_ = rows;
  }

  bool has_validation_rows() const { return validation_.has_value(); }

 private:
  NetworkProbe(const JobContext& context, const nn::Network& network,
               const gates::WeightFold& fold);

  void AddNorms(const gates::WeightFold& fold, std::span<const float> rms,
                std::span<float> out) const;
  // Root mean square of every input of the fold's layer.
  absl::Status LayerInputRms(const gates::WeightFold& fold, std::vector<float>& rms);

  const JobContext& context_;
  const nn::Network& network_;
  const gates::WeightFold& fold_;
  TableSource source_;
  std::optional<CachedSource> validation_;
  std::unique_ptr<nn::Predictor> predictor_;

  const nn::BatchSource* batch_ = nullptr;
  int64_t batch_rows_ = 0;

  // Made when first asked for.
  ColumnSample& Columns(int64_t max_rows);
  absl::StatusOr<nn::GradientPass*> Gradients();
  absl::Status NeedValidationRows() const;

  template <typename T>
  struct Sample {
    int64_t max_rows = -1;
    std::optional<T> rows;
  };
  Sample<ColumnSample> columns_;
  Sample<CachedSource> training_sample_, permuted_;
  std::unique_ptr<nn::GradientPass> gradients_;
  std::optional<data::BatchSchedule> validation_batches_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_MODEL_PROBE_H_
