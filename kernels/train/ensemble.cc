#include "kernels/train/ensemble.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::train {

absl::StatusOr<Ensemble> Ensemble::Create(const JobContext& context, const plan::ModelShape& shape,
                                          const gates::WeightFold& fold,
                                          const nn::TrainStepOptions& options, int64_t others) {
  Ensemble ensemble;
  if (others > 0) ensemble.gradient_.resize(static_cast<size_t>(fold.num_candidates));
  for (int64_t e = 1; e <= others; ++e) {
    ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(shape));
    Member member;
    member.network = std::make_unique<nn::Network>(std::move(network));
    member.network->Init(context.seed(), absl::StrCat("init/select/", e));
    nn::TrainStepOptions own = options;
    own.stream = absl::StrCat(options.stream, "/", e);
    ASSIGN_OR_RETURN(member.step,
                     nn::TrainStep::Create(member.network.get(), &fold, own, context.pool));
    ensemble.members_.push_back(std::move(member));
  }
  return ensemble;
}

absl::StatusOr<double> Ensemble::Run(const nn::StepInput& input, const nn::BatchSource& batch,
                                     double loss, std::span<float> gradient) {
  if (members_.empty()) return loss;
  nn::StepInput own = input;
  if (!gradient.empty()) own.mask_gradient = gradient_;
  for (Member& member : members_) {
    ASSIGN_OR_RETURN(const double of_member, member.step->Run(own, batch));
    loss += of_member;
    for (size_t i = 0; i < gradient.size(); ++i) gradient[i] += gradient_[i];
  }
  const auto networks = static_cast<double>(members_.size() + 1);
  for (float& g : gradient) g = static_cast<float>(g / networks);
  return loss / networks;
}

void Ensemble::ResetOptimizers() {
  for (Member& member : members_) member.step->ResetOptimizer();
}

absl::Status Ensemble::CheckFinite() const {
  for (const Member& member : members_) RETURN_IF_ERROR(member.network->CheckFinite());
  return absl::OkStatus();
}

void Ensemble::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  for (size_t e = 0; e < members_.size(); ++e) {
    const std::string own = absl::StrCat(prefix, "/", e + 1);
    members_[e].network->Save(own + "/network", checkpoint);
    members_[e].step->SaveOptimizer(own + "/optimizer", checkpoint);
  }
}

absl::Status Ensemble::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  for (size_t e = 0; e < members_.size(); ++e) {
    const std::string own = absl::StrCat(prefix, "/", e + 1);
    RETURN_IF_ERROR(members_[e].network->Load(own + "/network", checkpoint));
    members_[e].step->WeightsChanged();
    RETURN_IF_ERROR(members_[e].step->LoadOptimizer(own + "/optimizer", checkpoint));
  }
  return absl::OkStatus();
}

}  // namespace winnow::train
