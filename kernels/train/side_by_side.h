// Activities of one plan that go on together, a few steps of each in turn.
//
// Where models are small or many, a task of the pool is a whole activity with threads of its own:
// small steps do not gain from being cut, whole models do. Otherwise they take turns, each with all
// threads. Bytes depend on neither: an activity gives the same for any number of threads, and knows
// nothing of its company. Events are passed on after every round, in the order of the activities.
#ifndef WINNOW_KERNELS_TRAIN_SIDE_BY_SIDE_H_
#define WINNOW_KERNELS_TRAIN_SIDE_BY_SIDE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/shard_pool.h"
#include "kernels/train/activity.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_context.h"
#include "kernels/train/shared_batches.h"
#include "kernels/train/training_run.h"
#include "kernels/train/trial_run.h"

namespace winnow::train {

class SideBySide final : public Activity {
 public:
  // Trainings over the same batches, which are shuffled and gathered once. REQUIRES: they have one
  // batch size, one number of steps and one shuffle; at least one. OWNERSHIP: context and sink
  // outlive this.
  static absl::StatusOr<std::unique_ptr<SideBySide>> OfTrainings(
      const JobContext& context, std::vector<TrainingConfig> trainings, EventSink& events);
  // Repeats of the selection; each shuffles by a seed of its own.
  static absl::StatusOr<std::unique_ptr<SideBySide>> OfRepeats(const JobContext& context,
                                                               const std::vector<int32_t>& repeats,
                                                               EventSink& events);
  // Trials of several values of a parameter.
  static absl::StatusOr<std::unique_ptr<SideBySide>> OfTrials(const JobContext& context,
                                                              const ModelFolder& folder,
                                                              const std::vector<int32_t>& trials,
                                                              EventSink& events);

  void Start() override;
  bool done() const override;
  absl::Status Advance() override;
  void Save(Checkpoint& checkpoint) const override;
  absl::Status Load(const Checkpoint& checkpoint) override;

  int64_t steps_done() const override;
  int64_t samples_done() const override;
  // Of the first that is not done.
  double loss() const override { return Present().loss(); }
  int64_t picked() const override { return Present().picked(); }
  std::string phase() const override { return Present().phase(); }
  std::vector<std::pair<std::string, double>> top_scores() const override {
    return Present().top_scores();
  }

  size_t size() const { return members_.size(); }
  Activity& member(size_t i) { return *members_[i]->activity; }
  // Share of the time spent since the last call, by activity; sums to 1.
  std::vector<double> TakeShares();
  // Leaves an activity out from here on. REQUIRES: it is not the last one.
  void Drop(size_t i) { members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(i)); }

 private:
  struct Member {
    JobContext context;
    std::unique_ptr<ShardPool> pool;  // of one thread, where a task is a whole activity
    EventBuffer events;
    std::unique_ptr<Activity> activity;
    absl::Status status;
    double seconds = 0;
  };

  SideBySide(const JobContext& context, EventSink& events) : context_(context), events_(events) {}
  // Adds a member for every selection; `make` completes it.
  static absl::StatusOr<std::unique_ptr<SideBySide>> OfSelections(
      const JobContext& context, size_t selections, EventSink& events,
      const std::function<absl::Status(size_t i, Member& member)>& make);
  // `largest`: multiply-adds of a step of the largest model.
  void ChooseCut(int64_t models, int64_t largest);
  Member& AddMember();
  // `steps` of every activity, and `ahead` beside them.
  absl::Status Round(int64_t steps, const std::function<absl::Status(int thread)>& ahead);
  void FlushEvents();
  static void AdvanceSome(Member& member, int64_t steps);
  const Activity& Present() const;

  const JobContext& context_;
  EventSink& events_;
  bool by_model_ = true;                    // a task is a whole activity
  std::unique_ptr<SharedBatches> batches_;  // of trainings
  int64_t total_steps_ = 0;                 // of a training
  int64_t selection_steps_ = 1;             // of a repeat or trial, in a round
  std::vector<std::unique_ptr<Member>> members_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_SIDE_BY_SIDE_H_
