#include "kernels/train/reporter.h"

#include <algorithm>

namespace winnow::train {

JobReporter::JobReporter(JobState& state, const JobOptions& options, JobObserver& observer)
    : state_(state), options_(options), observer_(observer) {}

void JobReporter::Emit(EventBody body) {
  observer_.OnEvent(JobEvent{.ordinal = ++state_.ordinal, .body = std::move(body)});
}

void JobReporter::Warn(const std::string& text) {
  if (std::find(state_.warnings.begin(), state_.warnings.end(), text) != state_.warnings.end()) {
    return;
  }
  state_.warnings.push_back(text);
  Emit(WarningRaised{text});
}

void JobReporter::OnStep(const Activity& activity, const StageSize& stage) {
  const Clock::time_point now = Clock::now();
  const double share = stage.steps > 0 ? static_cast<double>(activity.steps_done()) /
                                             static_cast<double>(stage.steps)
                                       : 1.0;
  const double work = state_.work_done + share * stage.work;
  if (first_work_ < 0) {
    first_work_ = work;
    start_ = now;
    last_note_ = now;
    last_samples_ = activity.samples_done();
    return;
  }
  const double passed = std::chrono::duration<double>(now - last_note_).count();
  if (passed < options_.progress_interval_s) return;

  Progress note;
  note.phase = activity.phase();
  const int64_t samples = activity.samples_done();
  if (samples >= last_samples_) {
    samples_per_s_ = static_cast<double>(samples - last_samples_) / passed;
  }
  note.step = std::min(total_.steps, state_.steps_done + activity.steps_done());
  note.total_steps = total_.steps;
  note.samples_per_s = samples_per_s_;
  note.loss = activity.loss();
  note.fraction = total_.work > 0 ? std::clamp(work / total_.work, 0.0, 1.0) : 0.0;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double worked = work - first_work_;
  if (worked > 0) note.eta_s = std::max(0.0, total_.work - work) * elapsed / worked;
  note.picked = std::max<int64_t>(activity.picked(), static_cast<int64_t>(state_.picks.size()));
  note.top_scores = activity.top_scores();
  observer_.OnProgress(note);
  last_note_ = now;
  last_samples_ = samples;
}

}  // namespace winnow::train
