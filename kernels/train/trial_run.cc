#include "kernels/train/trial_run.h"

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/train/byte_codec.h"
#include "kernels/train/selection_files.h"
#include "kernels/train/subset.h"
#include "kernels/train/warm_start.h"

namespace winnow::train {

TrialRun::TrialRun(const JobContext& context, EventSink& events)
    : context_(context), events_(TrialLabel(*context.plan, context.trial), events) {}

absl::StatusOr<std::unique_ptr<TrialRun>> TrialRun::Create(const JobContext& context,
                                                           const ModelFolder& folder,
                                                           EventSink& events) {
  std::unique_ptr<TrialRun> run(new TrialRun(context, events));
  RETURN_IF_ERROR(run->MakeSelection(folder));
  return run;
}

absl::Status TrialRun::MakeSelection(const ModelFolder& folder) {
  const auto write = [this, folder](const SelectionRun& run) -> absl::Status {
    if (run.steps_done() == 0) return absl::OkStatus();
    ASSIGN_OR_RETURN(const std::string directory,
                     MakeTrialFolder(folder.directory, context_.trial));
    return WriteSelectionModel(context_, *run.model().network, run.final_logits(), run.picks(),
                               folder.dictionaries_path, directory);
  };
  ASSIGN_OR_RETURN(selection_, RepeatRun::Create(context_, events_, write));
  return absl::OkStatus();
}

// The very training that the picks would get as the result.
absl::Status TrialRun::MakeRetrain() {
  const plan::Plan& plan = *context_.plan;
  std::vector<int32_t> selected;
  for (const Pick& pick : picks_) selected.push_back(pick.candidate);
  const plan::ModelShape shape = SubsetShape(plan.model, plan.candidates, selected);
  ASSIGN_OR_RETURN(retrain_,
                   TrainingRun::Create(context_, PlannedTraining(plan, "retrain", shape)));
  return absl::OkStatus();
}

absl::Status TrialRun::Advance() {
  if (retrain_ != nullptr) return retrain_->Advance();
  if (!selection_->done()) return selection_->Advance();
  picks_ = selection_->picks();
  if (picks_.empty()) {
    return absl::FailedPreconditionError("nothing was selected: no candidate fits the budget");
  }
  EndPart();
  RETURN_IF_ERROR(MakeRetrain());
  selection_.reset();
  events_.Emit(PhaseStarted{
      .name = "retrain", .steps = retrain_->config().steps, .repeat = context_.repeat});
  return absl::OkStatus();
}

absl::Status TrialRun::FinishEarly() {
  if (selection_ == nullptr) return absl::OkStatus();
  RETURN_IF_ERROR(selection_->FinishEarly());
  picks_ = selection_->picks();
  return absl::OkStatus();
}

std::optional<MaskedModel> TrialRun::model() const {
  if (!done()) return std::nullopt;
  return retrain_->model();
}

std::string TrialRun::phase() const {
  return absl::StrCat(present().phase(), "/", TrialLabel(*context_.plan, context_.trial));
}

void TrialRun::Save(Checkpoint& checkpoint) const {
  ByteWriter out;
  out.Value<uint8_t>(retrain_ != nullptr);
  WriteCounts(out);
  WritePicks(picks_, out);
  checkpoint.Put(StageSection(context_) + "/trial", out.Take());
  present().Save(checkpoint);
}

absl::Status TrialRun::Load(const Checkpoint& checkpoint) {
  const std::string section = StageSection(context_) + "/trial";
  ASSIGN_OR_RETURN(const std::string bytes, checkpoint.Get(section));
  ByteReader in(bytes);
  const bool retrains = in.Value<uint8_t>() != 0;
  ReadCounts(in);
  picks_ = ReadPicks(in);
  RETURN_IF_ERROR(in.Finish(section));
  if (!retrains) return selection_->Load(checkpoint);
  selection_.reset();
  RETURN_IF_ERROR(MakeRetrain());
  return retrain_->Load(checkpoint);
}

}  // namespace winnow::train
