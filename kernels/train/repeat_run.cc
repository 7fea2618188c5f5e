#include "kernels/train/repeat_run.h"

#include "kernels/base/status.h"
#include "kernels/train/byte_codec.h"
#include "kernels/train/stages.h"

namespace winnow::train {

absl::StatusOr<std::unique_ptr<RepeatRun>> RepeatRun::Create(const JobContext& context,
                                                             EventSink& events,
                                                             OnSelected on_selected) {
  std::unique_ptr<RepeatRun> run(new RepeatRun(context, events, std::move(on_selected)));
  ASSIGN_OR_RETURN(const SelectionConfig config, PlannedSelection(context));
  ASSIGN_OR_RETURN(run->selection_, SelectionRun::Create(context, config, events));
  return run;
}

absl::Status RepeatRun::Advance() {
  if (prune_ == nullptr) {
    return selection_->done() ? EndSelection() : selection_->Advance();
  }
  if (!prune_->done()) return prune_->Advance();
  EndPruning();
  return absl::OkStatus();
}

absl::Status RepeatRun::FinishEarly() {
  if (prune_ == nullptr && !done_) RETURN_IF_ERROR(EndSelection());
  if (prune_ != nullptr && !done_) EndPruning();
  return absl::OkStatus();
}

void RepeatRun::EndPruning() {
  prune_->FinishEarly();
  picks_ = prune_->picks();
  done_ = true;
}

absl::Status RepeatRun::EndSelection() {
  RETURN_IF_ERROR(selection_->Complete());
  if (on_selected_) RETURN_IF_ERROR(on_selected_(*selection_));
  const plan::Plan& plan = *context_.plan;
  if (OverselectedCount(plan) <= plan.max_picks) {
    picks_ = selection_->picks();
    done_ = true;
    return absl::OkStatus();
  }
  overselected_ = selection_->picks();
  EndPart();
  ASSIGN_OR_RETURN(prune_, BackwardPrune::Create(context_, overselected_, events_));
  selection_.reset();
  const PruneSettings settings = PlannedPruning(plan, OverselectedCount(plan));
  events_.Emit(PhaseStarted{.name = "prune", .steps = settings.steps(), .repeat = context_.repeat});
  return absl::OkStatus();
}

void RepeatRun::Save(Checkpoint& checkpoint) const {
  ByteWriter out;
  out.Value<uint8_t>(done_);
  out.Value<uint8_t>(prune_ != nullptr);
  WriteCounts(out);
  WritePicks(overselected_, out);
  WritePicks(picks_, out);
  checkpoint.Put(StageSection(context_) + "/repeat", out.Take());
  present().Save(checkpoint);
}

absl::Status RepeatRun::Load(const Checkpoint& checkpoint) {
  const std::string section = StageSection(context_) + "/repeat";
  ASSIGN_OR_RETURN(const std::string bytes, checkpoint.Get(section));
  ByteReader in(bytes);
  done_ = in.Value<uint8_t>() != 0;
  const bool prunes = in.Value<uint8_t>() != 0;
  ReadCounts(in);
  overselected_ = ReadPicks(in);
  picks_ = ReadPicks(in);
  RETURN_IF_ERROR(in.Finish(section));
  if (!prunes) return selection_->Load(checkpoint);
  selection_.reset();
  ASSIGN_OR_RETURN(prune_, BackwardPrune::Create(context_, overselected_, events_));
  return prune_->Load(checkpoint);
}

}  // namespace winnow::train
