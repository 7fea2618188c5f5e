// Further networks of a selection run under its one mask: sequential_attention.ensemble.
//
//   loss = 1/E sum_e l(theta_e, a),   d loss/d a = 1/E sum_e g_e,   e = 0 .. E - 1
//
// Every network has weights of its own (the stream "init/select/<e>") and learns on the same
// batches; the selector sees the mean of their mask gradients, so that a pick is one on which they
// agree. Network 0 is the selection run's: gains, scores by magnitude and the model of the result
// are its own, and a warm start is, too. Cost: E steps for one; state E times the network's.
// Prototypes (3 and 5 networks with logits of their own, picks by the mean share of attention) were
// not better than one network: MNIST, 50 pixels, test .9559 and .9567 against .9565.
#ifndef WINNOW_KERNELS_TRAIN_ENSEMBLE_H_
#define WINNOW_KERNELS_TRAIN_ENSEMBLE_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"
#include "kernels/nn/network.h"
#include "kernels/nn/train_step.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

class Ensemble {
 public:
  // `others`: E - 1; may be 0. `options`: those of network 0. OWNERSHIP: context and fold outlive
  // it.
  static absl::StatusOr<Ensemble> Create(const JobContext& context, const plan::ModelShape& shape,
                                         const gates::WeightFold& fold,
                                         const nn::TrainStepOptions& options, int64_t others);

  // After network 0 has taken the same step: trains the others, makes `gradient`, that of network 0
  // unless empty, the mean of all, and returns the mean loss. Errors as nn::TrainStep.
  absl::StatusOr<double> Run(const nn::StepInput& input, const nn::BatchSource& batch, double loss,
                             std::span<float> gradient);

  void ResetOptimizers();
  absl::Status CheckFinite() const;

  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  struct Member {
    std::unique_ptr<nn::Network> network;
    std::unique_ptr<nn::TrainStep> step;
  };
  std::vector<Member> members_;
  std::vector<float> gradient_;  // of one member
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_ENSEMBLE_H_
