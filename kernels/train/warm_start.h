// Starting from the models of an earlier job.
//
// The selection starts from the network with which the parent's selection ended, its weights not
// multiplied by the mask, and from its gate logits when both jobs have the same selector; where the
// parent's selection trained nothing, from the parent's final model. Every other training of the
// job starts from the parent's final model, so that retrain, controls and curve stay comparable;
// the one of equal capacity, whose layers are wider, starts fresh. Columns are matched by name
// (input_match.h), parameters carried over as weight_transfer.h says. Files are read again for
// every model that starts from them: between two starts nothing of the parent's weights is in
// memory.
#ifndef WINNOW_KERNELS_TRAIN_WARM_START_H_
#define WINNOW_KERNELS_TRAIN_WARM_START_H_

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/selection.h"
#include "kernels/nn/network.h"
#include "kernels/plan/plan.h"
#include "kernels/train/input_match.h"
#include "kernels/train/job_context.h"
#include "kernels/train/parent_model.h"
#include "kernels/train/run_job.h"

namespace winnow::train {

// THREAD-SAFETY: const members from any thread.
class WarmStart {
 public:
  // Reads the manifests. FAILED_PRECONDITION when the parent's models do not fit the plan, with
  // what was found and expected; NOT_FOUND, DATA_LOSS for its files. REQUIRES: plan and table of
  // `context` outlive this.
  static absl::StatusOr<std::unique_ptr<WarmStart>> Open(const ParentFiles& files,
                                                         const JobContext& context,
                                                         const std::string& dictionaries_path);

  // Overwrites the usual initial parameters of the network that selects.
  absl::Status StartSelection(nn::Network& network) const;
  // The same for an ordinary training. No effect on a network whose layers have other widths.
  absl::Status StartTraining(nn::Network& network) const;

  // Of the gates, [candidates]; empty: none. Live as long as this.
  std::span<const float> logits() const { return logits_; }
  // For the result.
  const WarmStarted& started() const { return started_; }

 private:
  struct Source {
    ParentModel model;
    InputMatch match;
  };

  explicit WarmStart(const JobContext& context) : context_(context) {}

  absl::StatusOr<Source> OpenSource(const std::string& manifest, const std::string& weights,
                                    const std::string& dictionaries_path) const;
  absl::Status TakeLogits(const ParentModel& model);
  absl::Status Start(const Source& source, nn::Network& network) const;
  void Describe(const ParentFiles& files);

  const JobContext& context_;
  Source final_;
  std::optional<Source> selection_;
  std::vector<float> logits_;
  WarmStarted started_;
};

// Writes the network of a finished selection for later jobs, with its gate logits (may be empty),
// as `directory`/selection_model.safetensors and /selection_manifest.json.
absl::Status WriteSelectionModel(const JobContext& context, const nn::Network& network,
                                 std::span<const float> logits, const std::vector<Pick>& picks,
                                 const std::string& dictionaries_path,
                                 const std::string& directory);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_WARM_START_H_
