#include "kernels/train/side_by_side.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "kernels/base/status.h"
#include "kernels/ops/threading.h"
#include "kernels/train/repeat_run.h"

namespace winnow::train {
namespace {

using Clock = std::chrono::steady_clock;

// Multiply-adds of all models between two looks at the requests: some milliseconds.
constexpr int64_t kRoundWork = int64_t{1} << 29;
// Below this a step gains little from more threads: 0.1 ms.
constexpr int64_t kSmallStepWork = int64_t{1} << 24;
// Of a repeat or trial: each has batches of its own, which it reads at best while its model is in
// cache.
constexpr int64_t kSelectionWork = int64_t{1} << 31, kMostSelectionSteps = 32;
// Of a training at least, so that short ones can be interrupted too.
constexpr int64_t kLeastRounds = 8;

// Multiply-adds of a step, roughly.
int64_t StepWork(const plan::ModelShape& shape, int64_t batch_size) {
  return 3 * shape.parameters * batch_size;
}

}  // namespace

void SideBySide::ChooseCut(int64_t models, int64_t largest) {
  by_model_ = largest <= kSmallStepWork || models >= 2 * context_.pool->threads();
}

SideBySide::Member& SideBySide::AddMember() {
  Member& member = *members_.emplace_back(std::make_unique<Member>());
  member.context = context_;
  if (by_model_) {
    member.pool = std::make_unique<ShardPool>(1, ops::UseOneThread);
    member.context.pool = member.pool.get();
  }
  return member;
}

absl::StatusOr<std::unique_ptr<SideBySide>> SideBySide::OfTrainings(
    const JobContext& context, std::vector<TrainingConfig> trainings, EventSink& events) {
  std::unique_ptr<SideBySide> together(new SideBySide(context, events));
  std::vector<const plan::ModelShape*> shapes;
  int64_t work = 0, largest = 0;
  for (const TrainingConfig& training : trainings) {
    shapes.push_back(&training.shape);
    const int64_t step = StepWork(training.shape, training.batch_size);
    work += step;
    largest = std::max(largest, step);
  }
  together->ChooseCut(static_cast<int64_t>(trainings.size()), largest);
  together->total_steps_ = trainings[0].steps;
  const int64_t most_steps = std::max<int64_t>(
      1, std::min(kRoundWork / std::max<int64_t>(1, work), together->total_steps_ / kLeastRounds));
  ASSIGN_OR_RETURN(together->batches_,
                   SharedBatches::Create(context, UnionOfFields(shapes), trainings[0].shuffle,
                                         trainings[0].batch_size, most_steps));
  for (TrainingConfig& training : trainings) {
    Member& member = together->AddMember();
    std::unique_ptr<BatchStream> stream = together->batches_->StreamOf(training.shape);
    ASSIGN_OR_RETURN(member.activity,
                     TrainingRun::Create(member.context, std::move(training), std::move(stream)));
  }
  return together;
}

absl::StatusOr<std::unique_ptr<SideBySide>> SideBySide::OfSelections(
    const JobContext& context, size_t selections, EventSink& events,
    const std::function<absl::Status(size_t i, Member& member)>& make) {
  std::unique_ptr<SideBySide> together(new SideBySide(context, events));
  const plan::Plan& plan = *context.plan;
  const auto models = static_cast<int64_t>(selections);
  const int64_t step = StepWork(plan.model, plan.selection_batch);
  together->ChooseCut(models, step);
  together->selection_steps_ = std::clamp<int64_t>(
      kSelectionWork / std::max<int64_t>(1, models * step), 1, kMostSelectionSteps);
  for (size_t i = 0; i < selections; ++i) RETURN_IF_ERROR(make(i, together->AddMember()));
  return together;
}

absl::StatusOr<std::unique_ptr<SideBySide>> SideBySide::OfRepeats(
    const JobContext& context, const std::vector<int32_t>& repeats, EventSink& events) {
  return OfSelections(
      context, repeats.size(), events, [&](size_t i, Member& member) -> absl::Status {
        member.context.repeat = repeats[i];
        ASSIGN_OR_RETURN(member.activity, RepeatRun::Create(member.context, member.events));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::unique_ptr<SideBySide>> SideBySide::OfTrials(const JobContext& context,
                                                                 const ModelFolder& folder,
                                                                 const std::vector<int32_t>& trials,
                                                                 EventSink& events) {
  return OfSelections(
      context, trials.size(), events, [&](size_t i, Member& member) -> absl::Status {
        member.context.trial = trials[i];
        ASSIGN_OR_RETURN(member.activity, TrialRun::Create(member.context, folder, member.events));
        return absl::OkStatus();
      });
}

bool SideBySide::done() const {
  return std::all_of(members_.begin(), members_.end(),
                     [](const auto& member) { return member->activity->done(); });
}

const Activity& SideBySide::Present() const {
  for (const auto& member : members_) {
    if (!member->activity->done()) return *member->activity;
  }
  return *members_.back()->activity;
}

void SideBySide::AdvanceSome(Member& member, int64_t steps) {
  const Clock::time_point start = Clock::now();
  for (int64_t i = 0; i < steps && member.status.ok() && !member.activity->done(); ++i) {
    member.status = member.activity->Advance();
  }
  member.seconds += std::chrono::duration<double>(Clock::now() - start).count();
}

absl::Status SideBySide::Round(int64_t steps,
                               const std::function<absl::Status(int thread)>& ahead) {
  absl::Status gathered;
  const auto task = [&](int index, int thread) {
    if (index == 0) {
      if (ahead) gathered = ahead(thread);
    } else {
      AdvanceSome(*members_[static_cast<size_t>(index) - 1], steps);
    }
  };
  const auto tasks = static_cast<int>(members_.size()) + 1;
  if (by_model_) {
    context_.pool->Run(tasks, task);
  } else {
    for (int index = 0; index < tasks; ++index) task(index, 0);
  }
  FlushEvents();
  for (const auto& member : members_) RETURN_IF_ERROR(member->status);
  return gathered;
}

absl::Status SideBySide::Advance() {
  if (batches_ == nullptr) return Round(selection_steps_, nullptr);
  const int64_t step = members_.front()->activity->steps_done();
  const int64_t steps = std::min(batches_->steps(), total_steps_ - step);
  if (!batches_->Has(step)) {
    RETURN_IF_ERROR(batches_->Gather(step, steps, 0));
    batches_->Turn();
  }
  const int64_t next = step + steps, ahead = std::min(batches_->steps(), total_steps_ - next);
  RETURN_IF_ERROR(Round(steps, [&](int thread) {
    return ahead > 0 ? batches_->Gather(next, ahead, thread) : absl::OkStatus();
  }));
  if (ahead > 0) batches_->Turn();
  return absl::OkStatus();
}

void SideBySide::Start() {
  for (const auto& member : members_) member->activity->Start();
  FlushEvents();
}

void SideBySide::FlushEvents() {
  for (const auto& member : members_) member->events.FlushTo(events_);
}

int64_t SideBySide::steps_done() const {
  int64_t steps = 0;
  for (const auto& member : members_) steps += member->activity->steps_done();
  return steps;
}

int64_t SideBySide::samples_done() const {
  int64_t samples = 0;
  for (const auto& member : members_) samples += member->activity->samples_done();
  return samples;
}

std::vector<double> SideBySide::TakeShares() {
  double total = 0;
  for (const auto& member : members_) total += member->seconds;
  std::vector<double> shares;
  for (const auto& member : members_) {
    shares.push_back(total > 0 ? member->seconds / total
                               : 1.0 / static_cast<double>(members_.size()));
    member->seconds = 0;
  }
  return shares;
}

void SideBySide::Save(Checkpoint& checkpoint) const {
  for (const auto& member : members_) member->activity->Save(checkpoint);
}

absl::Status SideBySide::Load(const Checkpoint& checkpoint) {
  for (const auto& member : members_) RETURN_IF_ERROR(member->activity->Load(checkpoint));
  return absl::OkStatus();
}

}  // namespace winnow::train
