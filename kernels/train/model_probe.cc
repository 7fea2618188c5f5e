#include "kernels/train/model_probe.h"

#include <cmath>

#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/train/few_features.h"

namespace winnow::train {

NetworkProbe::NetworkProbe(const JobContext& context, const nn::Network& network,
                           const gates::WeightFold& fold)
    : context_(context), network_(network), fold_(fold), source_(context, network.shape()) {
  const std::vector<uint32_t> rows = EvenlySpaced(context.table->validation_rows(), kProbeRows);
  if (!rows.empty()) validation_.emplace(context, network.shape(), rows);
}

absl::StatusOr<std::unique_ptr<NetworkProbe>> NetworkProbe::Create(const JobContext& context,
                                                                   const nn::Network& network,
                                                                   const gates::WeightFold& fold) {
  std::unique_ptr<NetworkProbe> probe(new NetworkProbe(context, network, fold));
  ASSIGN_OR_RETURN(probe->predictor_, nn::Predictor::Create(&network, &fold, context.pool));
  return probe;
}

void NetworkProbe::WeightNorms(std::span<float> out) const {
  gates::RegionNorms(fold_, network_.weights(fold_.layer), {}, out);
  for (const gates::WeightFold& other : fold_.others) AddNorms(other, {}, out);
}

absl::Status NetworkProbe::Contributions(std::span<float> out) {
  std::vector<float> rms;
  RETURN_IF_ERROR(LayerInputRms(fold_, rms));
  gates::RegionNorms(fold_, network_.weights(fold_.layer), rms, out);
  for (const gates::WeightFold& other : fold_.others) {
    RETURN_IF_ERROR(LayerInputRms(other, rms));
    AddNorms(other, rms, out);
  }
  return absl::OkStatus();
}

// Norms over two layers are roots of the sum of squares.
void NetworkProbe::AddNorms(const gates::WeightFold& fold, std::span<const float> rms,
                            std::span<float> out) const {
  std::vector<float> norms(out.size());
  gates::RegionNorms(fold, network_.weights(fold.layer), rms, norms);
  for (size_t c = 0; c < out.size(); ++c) out[c] = std::hypot(out[c], norms[c]);
}

absl::Status NetworkProbe::LayerInputRms(const gates::WeightFold& fold, std::vector<float>& rms) {
  rms.resize(static_cast<size_t>(fold.rows));
  if (fold.layer == 0 && !network_.has_bottom() && !network_.has_dots()) {
    nn::InputRms(network_, source_.gather().DenseRms(), source_.gather().CodeCounts(), rms);
    return absl::OkStatus();
  }
  const std::vector<uint32_t> rows = EvenlySpaced(context_.table->train_rows(), kProbeRows);
  source_.SetRows(rows);
  return predictor_->LayerInputRms(fold.layer, source_, static_cast<int64_t>(rows.size()), {}, rms);
}

absl::Status NetworkProbe::NeedValidationRows() const {
  if (validation_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "the selector needs validation rows, but the split has none");
}

absl::StatusOr<double> NetworkProbe::ValidationLoss(std::span<const float> mask) {
  RETURN_IF_ERROR(NeedValidationRows());
  if (const auto kept = FewFeatures(*context_.plan, network_, mask)) {
    return LossOfFewFeatures(context_, network_, fold_, mask, *kept, *validation_);
  }
  return predictor_->MeanLoss(context_.loss, *validation_, validation_->rows(), mask);
}

}  // namespace winnow::train
