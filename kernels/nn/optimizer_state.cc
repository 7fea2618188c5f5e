#include "kernels/nn/optimizer_state.h"

#include <algorithm>
#include <span>

#include "kernels/base/status.h"

namespace winnow::nn {
namespace {

std::span<const float> SpanOf(const AlignedBuffer<float>& buffer) {
  return {buffer.data(), static_cast<size_t>(buffer.size())};
}
std::span<float> SpanOf(AlignedBuffer<float>& buffer) {
  return {buffer.data(), static_cast<size_t>(buffer.size())};
}

}  // namespace

absl::StatusOr<OptimizerState> OptimizerState::Create(const ops::OptimizerSettings& settings,
                                                      int64_t parameters) {
  OptimizerState state;
  state.settings_ = settings;
  const int moments = ops::MomentCount(settings);
  ASSIGN_OR_RETURN(state.m_, AlignedBuffer<float>::Create(moments > 0 ? parameters : 0));
  ASSIGN_OR_RETURN(state.v_, AlignedBuffer<float>::Create(moments > 1 ? parameters : 0));
  return state;
}

void OptimizerState::Reset() {
  steps_done_ = 0;
  std::ranges::fill(SpanOf(m_), 0.0f);
  std::ranges::fill(SpanOf(v_), 0.0f);
}

void OptimizerState::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  checkpoint.PutValue(prefix + "/steps", steps_done_);
  checkpoint.BorrowArray(prefix + "/m", SpanOf(m_));
  checkpoint.BorrowArray(prefix + "/v", SpanOf(v_));
}

absl::Status OptimizerState::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(steps_done_, checkpoint.GetValue<int64_t>(prefix + "/steps"));
  RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/m", SpanOf(m_)));
  return checkpoint.GetArray(prefix + "/v", SpanOf(v_));
}

}  // namespace winnow::nn
