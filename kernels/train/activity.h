// A stage at work: advanced in bounded steps, saved and restored between any two of them.
#ifndef WINNOW_KERNELS_TRAIN_ACTIVITY_H_
#define WINNOW_KERNELS_TRAIN_ACTIVITY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"

namespace winnow::train {

// THREAD-SAFETY: none; driven by the thread that runs the job.
class Activity {
 public:
  virtual ~Activity() = default;

  // Reports what begins. Called once, by the attempt that starts the stage, before the first step.
  virtual void Start() {}
  virtual bool done() const = 0;
  // One step, at most some tens of milliseconds of work per thread. REQUIRES: !done().
  virtual absl::Status Advance() = 0;

  // The state between two steps; a loaded one continues bit for bit.
  virtual void Save(Checkpoint& checkpoint) const = 0;
  virtual absl::Status Load(const Checkpoint& checkpoint) = 0;

  // For progress notes.
  virtual int64_t steps_done() const = 0;
  virtual int64_t samples_done() const = 0;  // rows trained on
  virtual double loss() const = 0;           // running mean of the training loss
  virtual int64_t picked() const { return 0; }
  virtual std::string phase() const = 0;
  virtual std::vector<std::pair<std::string, double>> top_scores() const { return {}; }
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_ACTIVITY_H_
