// What a job knows beyond the stage at hand: everything that a resumed attempt needs.
#ifndef WINNOW_KERNELS_TRAIN_JOB_STATE_H_
#define WINNOW_KERNELS_TRAIN_JOB_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/selection.h"
#include "kernels/export/safetensors.h"
#include "kernels/train/bootstrap.h"
#include "kernels/train/run_job.h"

namespace winnow::train {

// Metrics of one trained model.
struct ModelResult {
  MetricSamples validation, test;
};

// A selection that was tried with one value of a tuned parameter.
struct Trial {
  std::optional<double> validation_loss;  // of its retrained picks; none: not retrained
};

struct JobState {
  int64_t ordinal = 0;      // of the last event
  int64_t stage = 0;        // stages done
  int64_t checkpoints = 0;  // written so far, over all attempts
  bool stopped = false;     // a stop request was honoured
  double work_done = 0;     // of finished stages, in the units of work.h
  int64_t steps_done = 0;   // of finished stages

  std::vector<Pick> picks;       // complete after the stages select and prune, or choose
  std::vector<Trial> trials;     // those done; `picks` are of the best of them
  double full_loss = 0;          // of the full model, where sizes are tried against it
  std::vector<SizeTried> sizes;  // those done
  double logit_stddev = 0;
  std::vector<std::vector<Pick>> repeats;  // of repeats 1, 2, ...: those done
  std::vector<int32_t>
      magnitude_subset;  // of the magnitude control, once the full model is trained
  std::vector<std::string> warnings;
  std::map<std::string, ModelResult> results;            // by stage name
  std::map<std::string, exporting::Tensor> final_model;  // weights to be exported
  Timing timing;

  // The weights are borrowed, as in nn::Network::Save.
  void Save(Checkpoint& checkpoint) const;
  absl::Status Load(const Checkpoint& checkpoint);
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_JOB_STATE_H_
