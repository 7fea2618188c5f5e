// What a running job tells its observer: numbered events, and progress notes at a fixed pace.
#ifndef WINNOW_KERNELS_TRAIN_REPORTER_H_
#define WINNOW_KERNELS_TRAIN_REPORTER_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/train/activity.h"
#include "kernels/train/event_sink.h"
#include "kernels/train/job_state.h"
#include "kernels/train/run_job.h"

namespace winnow::train {

// Size of a stage: optimizer steps, and work in multiply-adds, which weighs steps of different
// models for the fraction done and the time left.
struct StageSize {
  int64_t steps = 0;
  double work = 0;
};

// OWNERSHIP: all references outlive the reporter. THREAD-SAFETY: none.
class JobReporter final : public EventSink {
 public:
  JobReporter(JobState& state, const JobOptions& options, JobObserver& observer);

  // The ordinal is state.ordinal + 1.
  void Emit(EventBody body) override;
  // An event and an entry of the result's warnings; a text that is there already is not repeated.
  void Warn(const std::string& text);

  // Sizes of all planned stages, those done included.
  void SetTotal(const StageSize& total) { total_ = total; }

  // Called after every step of the stage at hand; passes a note on when the interval has passed.
  void OnStep(const Activity& activity, const StageSize& stage);

 private:
  using Clock = std::chrono::steady_clock;

  JobState& state_;
  const JobOptions& options_;
  JobObserver& observer_;
  StageSize total_;
  double first_work_ = -1;  // work done when this attempt began
  Clock::time_point start_, last_note_;
  std::string last_phase_;
  int64_t last_samples_ = 0;
  double samples_per_s_ = 0;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_REPORTER_H_
