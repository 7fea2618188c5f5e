// Our side of tests/bench/rivals.sh: trains a case of step_case.h when told to.
//
//   bench_step_driver FOLDER [threads=N] [mask=0|1] [precision=f32|bf16]
//
// Loads everything, prints "ready", then obeys lines on standard input, one reply line each:
//   curve N     from the case's weights: the losses of N steps     "curve l_1 ... l_N"
//   time N      N further steps                                    "time SECONDS LOSS"
// Ends with its input. An error ends it with a message and status 1.
//
// With mask=1 every dense value and field has the multiplier a_c = C softmax(w)_c, C the number of
// candidates; the logits w start at 0 and move by Adam at the network's learning rate.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <string>

#include "kernels/base/status.h"
#include "kernels/nn/model_gate.h"
#include "kernels/ops/threading.h"
#include "kernels/selectors/gate_logits.h"
#include "kernels/selectors/softmax.h"
#include "tests/bench/rivals/step_case.h"

namespace winnow::bench {
namespace {

// The softmax mask of the case's candidates.
class SoftmaxMask {
 public:
  explicit SoftmaxMask(int32_t size) : logits_(size), members_(size), mask_(size), gradient_(size) {
    std::iota(members_.begin(), members_.end(), 0);
    Refresh();
  }
  std::span<const float> mask() const { return mask_; }

  // `mask_gradient`: d(loss)/d(a).
  void Step(std::span<const float> mask_gradient, double rate) {
    selectors::SoftmaxGradient(members_, mask_, scale(), mask_gradient, gradient_);
    logits_.Update(selectors::LogitOptimizer::kAdam, members_, gradient_, rate, 0.0);
    Refresh();
  }

 private:
  double scale() const { return static_cast<double>(mask_.size()); }
  void Refresh() { selectors::SoftmaxOver(members_, logits_.values(), mask_, scale()); }

  selectors::GateLogits logits_;
  std::vector<int32_t> members_;
  std::vector<float> mask_, gradient_;
};

class Trainer {
 public:
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(const StepCase& c, int threads,
                                                         bool masked, bool half_products) {
    ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(ShapeOf(c)));
    auto trainer = std::unique_ptr<Trainer>(new Trainer(c, std::move(network), threads, masked));
    ASSIGN_OR_RETURN(trainer->fold_, nn::MakeFold(ShapeOf(c), CandidatesOf(c)));
    nn::TrainStepOptions options;
    options.loss = c.outputs > 1 ? nn::LossKind::kSoftmax : nn::LossKind::kLogistic;
    ASSIGN_OR_RETURN(options.optimizer, OptimizerOf(c));
    options.batch_size = c.batch;
    options.half_products = half_products;
    options.stream = "bench";
    ASSIGN_OR_RETURN(trainer->step_,
                     nn::TrainStep::Create(&trainer->network_, masked ? &trainer->fold_ : nullptr,
                                           options, &trainer->pool_));
    trainer->Restart();
    return trainer;
  }

  void Restart() {
    CopyWeights(case_, network_);
    step_->WeightsChanged();
    step_->ResetOptimizer();
    softmax_ = SoftmaxMask(case_.candidates());
    input_.step = 0;
  }

  absl::StatusOr<double> Step() {
    input_.rows = case_.batch;
    input_.learning_rate = case_.rate;
    if (masked_) {
      input_.mask = softmax_.mask();
      input_.mask_gradient = mask_gradient_;
    }
    batches_.index = input_.step;
    ASSIGN_OR_RETURN(const double loss, step_->Run(input_, batches_));
    if (masked_) softmax_.Step(mask_gradient_, case_.rate);
    ++input_.step;
    return loss;
  }

 private:
  Trainer(const StepCase& c, nn::Network network, int threads, bool masked)
      : case_(c),
        masked_(masked),
        network_(std::move(network)),
        pool_(threads, ops::UseOneThread),
        softmax_(c.candidates()),
        mask_gradient_(c.candidates()),
        batches_(&case_) {}

  const StepCase& case_;
  const bool masked_;
  nn::Network network_;
  gates::WeightFold fold_;
  ShardPool pool_;
  SoftmaxMask softmax_;
  std::vector<float> mask_gradient_;
  CaseBatches batches_;
  nn::StepInput input_;
  std::unique_ptr<nn::TrainStep> step_;
};

absl::Status Obey(const std::string& command, int steps, Trainer& trainer) {
  if (command == "curve") {
    trainer.Restart();
    std::printf("curve");
    for (int i = 0; i < steps; ++i) {
      ASSIGN_OR_RETURN(const double loss, trainer.Step());
      std::printf(" %.9g", loss);
    }
  } else if (command == "time") {
    double loss = 0;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < steps; ++i) {
      ASSIGN_OR_RETURN(loss, trainer.Step());
    }
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    std::printf("time %.9g %.9g", elapsed.count(), loss);
  } else {
    return absl::InvalidArgumentError("no command '" + command + "'; curve and time are");
  }
  std::printf("\n");
  std::fflush(stdout);
  return absl::OkStatus();
}

absl::Status Run(int argc, char** argv) {
  if (argc < 2) {
    return absl::InvalidArgumentError(
        "usage: bench_step_driver FOLDER [threads=N] [mask=0|1] [precision=f32|bf16]");
  }
  std::map<std::string, std::string> options = {
      {"threads", "1"}, {"mask", "0"}, {"precision", "f32"}};
  for (int i = 2; i < argc; ++i) {
    const std::string argument = argv[i];
    const size_t equals = argument.find('=');
    if (equals == std::string::npos || options.count(argument.substr(0, equals)) == 0) {
      return absl::InvalidArgumentError("no option '" + argument + "'");
    }
    options[argument.substr(0, equals)] = argument.substr(equals + 1);
  }
  const std::string& precision = options["precision"];
  if (precision != "f32" && precision != "bf16") {
    return absl::InvalidArgumentError("no precision '" + precision + "'");
  }
  ASSIGN_OR_RETURN(const StepCase c, LoadStepCase(argv[1]));
  ASSIGN_OR_RETURN(auto trainer, Trainer::Create(c, std::atoi(options["threads"].c_str()),
                                                 options["mask"] == "1", precision == "bf16"));
  std::printf("ready\n");
  std::fflush(stdout);
  std::string command;
  for (int steps = 0; std::cin >> command >> steps;) {
    RETURN_IF_ERROR(Obey(command, steps, *trainer));
  }
  return absl::OkStatus();
}

}  // namespace
}  // namespace winnow::bench

int main(int argc, char** argv) {
  const absl::Status status = winnow::bench::Run(argc, argv);
  if (status.ok()) return 0;
  std::fprintf(stderr, "bench_step_driver: %s\n", std::string(status.message()).c_str());
  return 1;
}
