#include "kernels/train/model_probe.h"

#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"

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
}

absl::Status NetworkProbe::Contributions(std::span<float> out) {
  std::vector<float> rms(static_cast<size_t>(fold_.rows));
  if (fold_.layer == 0) {
    nn::InputRms(network_, source_.gather().DenseRms(), source_.gather().CodeCounts(), rms);
  } else {
    const std::vector<uint32_t> rows = EvenlySpaced(context_.table->train_rows(), kProbeRows);
    source_.SetRows(rows);
    RETURN_IF_ERROR(predictor_->LayerInputRms(fold_.layer, source_,
                                              static_cast<int64_t>(rows.size()), {}, rms));
  }
  gates::RegionNorms(fold_, network_.weights(fold_.layer), rms, out);
  return absl::OkStatus();
}

absl::StatusOr<double> NetworkProbe::ValidationLoss(std::span<const float> mask) {
  if (!validation_) {
    return absl::FailedPreconditionError(
        "the validation loss was asked for, but the split has no validation rows");
  }
  return predictor_->MeanLoss(context_.loss, *validation_, validation_->rows(), mask);
}

}  // namespace winnow::train
