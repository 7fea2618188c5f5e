#include "kernels/selectors/lassonet.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>
#include <optional>

#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/selectors/hierarchical_prox.h"
#include "kernels/selectors/one_shot.h"
#include "kernels/selectors/own_run_params.h"
#include "kernels/selectors/skip_network.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kMostValues = int64_t{1} << 25;  // of the sample of rows, 128 MiB
// Half of what momentum of .9 stands; on tables and images .05 is as good as any up to there.
constexpr double kRateOverCurvature = 2.0, kMostRate = 0.05;
constexpr double kFirstShare = 0.01;  // first lambda, of the largest gradient
constexpr int64_t kDenseStepsAtOnce = 25;
constexpr int64_t kFewLeave = 50;  // 1 of them
constexpr double kMostPatience = 8;

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table = {
      {.name = "steps",
       .type = ParamType::kInt,
       .default_value = int64_t{8},
       .min = 1,
       .max = 1e6,
       .doc = "Steps at each penalty of the path."},
      {.name = "learning_rate",
       .min = 0,
       .min_exclusive = true,
       .doc =
           "Learning rate, constant; absent: 2 over the largest curvature of the inputs, at most "
           "0.05."},
      OwnBatchSizeParam(),
      {.name = "hierarchy",
       .default_value = 10.0,
       .min = 0,
       .min_exclusive = true,
       .doc = "Constant M of |U_c|_inf <= M |theta_c|."},
      {.name = "path_multiplier",
       .default_value = 1.05,
       .min = 1,
       .max = 10,
       .min_exclusive = true,
       .doc = "Factor of the penalty from one training to the next."},
      {.name = "dense_steps",
       .type = ParamType::kInt,
       .default_value = int64_t{300},
       .min = 0,
       .max = 1e9,
       .doc = "Steps of the training before the path."},
      {.name = "hidden_units",
       .type = ParamType::kInt,
       .default_value = int64_t{32},
       .min = 1,
       .max = 4096,
       .doc = "Units of the selector's own hidden layer."},
      {.name = "rows",
       .type = ParamType::kInt,
       .default_value = int64_t{16384},
       .min = 1,
       .max = 1 << 20,
       .doc = "Training rows used, at most; fewer where they would not fit into 128 MiB."}};
  return table;
}

class Lassonet final : public OneShot {
 public:
  explicit Lassonet(const ParamValues& params)
      : steps_(GetInt(params, "steps")),
        dense_steps_(GetInt(params, "dense_steps")),
        hidden_units_(GetInt(params, "hidden_units")),
        most_rows_(GetInt(params, "rows")),
        batch_(params.count("batch_size") != 0 ? GetInt(params, "batch_size") : 256),
        hierarchy_(GetDouble(params, "hierarchy")),
        multiplier_(GetDouble(params, "path_multiplier")) {
    if (params.count("learning_rate") != 0) rate_ = GetDouble(params, "learning_rate");
  }

  std::string first_phase() const override { return "path"; }
  bool needs_mask_gradient() const override { return false; }
  absl::Status Step(int64_t, double, std::span<const float>, ModelProbe&, StepOutcome&) override {
    return absl::InternalError("lassonet trains a network of its own");
  }

  absl::Status Start() override {
    const std::vector<int32_t>& kept = problem().candidates->must_keep;
    for (int32_t c = 0; c < size(); ++c) {
      if (!std::binary_search(kept.begin(), kept.end(), c)) inside_.push_back(c);
    }
    return absl::OkStatus();
  }

  bool evaluates() const override { return !inside_.empty(); }

  // Some dense steps, or one penalty of the path.
  absl::Status Evaluate(ModelProbe& probe, StepOutcome& outcome) override {
    outcome.mask_changed = false;
    RETURN_IF_ERROR(Open(probe));
    if (step_ < dense_steps_) {
      Train(std::min(kDenseStepsAtOnce, dense_steps_ - step_), 0.0);
      return absl::OkStatus();
    }
    OnePenalty();
    return evaluates() ? absl::OkStatus() : Choose(probe, outcome);
  }

 private:
  // The sample and the network on it; what was loaded from a checkpoint.
  absl::Status Open(ModelProbe& probe) {
    if (network_) return absl::OkStatus();
    const int64_t rows =
        std::min(most_rows_, std::max<int64_t>(64, kMostValues / std::max<int64_t>(1, size())));
    std::vector<std::vector<InputColumn>> inputs(static_cast<size_t>(size()));
    for (int32_t c = 0; c < size(); ++c) RETURN_IF_ERROR(probe.Inputs(c, rows, inputs[c]));
    TargetSample target;
    RETURN_IF_ERROR(probe.Targets(rows, target));
    network_.emplace(std::move(inputs), std::move(target), hidden_units_,
                     RngStream(problem().seed, "select/lassonet/init"));
    if (rate_ == 0)
      rate_ =
          std::min(kMostRate, kRateOverCurvature / std::max(1e-6, network_->LargestCurvature()));
    if (penalty_ == 0) {
      penalty_ = FirstPenalty();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(network_->Load("lassonet", loaded_));
    loaded_ = {};
    std::vector<bool> is_out(static_cast<size_t>(size()), true);
    for (const int32_t c : inside_) is_out[c] = false;
    for (const int32_t c : problem().candidates->must_keep) is_out[c] = false;
    for (int32_t c = 0; c < size(); ++c) {
      if (is_out[c]) network_->Drop(c);
    }
    return absl::OkStatus();
  }

  double FirstPenalty() {
    std::vector<uint32_t> rows(static_cast<size_t>(std::min<int64_t>(network_->rows(), 1024)));
    std::iota(rows.begin(), rows.end(), 0u);
    network_->Gradient(rows);
    double largest = 0;
    for (const int32_t c : inside_) largest = std::max(largest, network_->SkipGradientNorm(c));
    return std::max(1e-9, kFirstShare * largest);
  }

  // Rows of this step: an epoch goes once through a shuffled order, without the last few.
  std::span<const uint32_t> Batch() {
    const int64_t rows = network_->rows(), batch = std::min(batch_, rows);
    const int64_t batches = rows / batch, epoch = step_ / batches;
    if (epoch != epoch_) {
      const RngStream stream(problem().seed, "select/lassonet/shuffle");
      order_ = stream.Permutation(static_cast<uint32_t>(rows), static_cast<uint64_t>(epoch * rows));
      epoch_ = epoch;
    }
    return std::span<const uint32_t>(order_).subspan(static_cast<size_t>(step_ % batches * batch),
                                                     static_cast<size_t>(batch));
  }

  void Train(int64_t steps, double penalty) {
    for (; steps > 0; --steps, ++step_) {
      network_->Gradient(Batch());
      network_->Step(rate_);
      for (const int32_t c : inside_) {
        if (penalty == 0) break;
        HierarchicalProx(rate_ * penalty, hierarchy_, network_->skip(c), network_->hidden(c),
                         scratch_);
      }
    }
  }

  void OnePenalty() {
    const std::vector<int32_t> order = ByLeavingPenalty();
    Train(steps_, penalty_);
    const auto before = static_cast<int64_t>(inside_.size());
    int64_t rank = 0;
    for (const int32_t c : order) {
      ++rank;
      if (LeavingPenalty(hierarchy_, network_->skip(c), network_->hidden(c)) > 0) continue;
      next_scores()[c] = ScoreAt(rank);
      network_->Drop(c);
      inside_.erase(std::lower_bound(inside_.begin(), inside_.end(), c));
    }
    const int64_t left = before - static_cast<int64_t>(inside_.size());
    patience_ = left > 0 ? 1.0 : std::min(kMostPatience, 2 * patience_);
    if (left * kFewLeave < before || left <= 1) penalty_ *= std::pow(multiplier_, patience_);
    ++penalties_;
  }

  // Those still in, by what it takes to put them out, ascending; ties: the highest index first.
  std::vector<int32_t> ByLeavingPenalty() {
    std::vector<double> least(static_cast<size_t>(size()));
    for (const int32_t c : inside_) {
      least[c] = LeavingPenalty(hierarchy_, network_->skip(c), network_->hidden(c));
    }
    std::vector<int32_t> order(inside_.rbegin(), inside_.rend());
    std::stable_sort(order.begin(), order.end(),
                     [&](int32_t a, int32_t b) { return least[a] < least[b]; });
    return order;
  }

  // Of the candidate that is `rank`-th to leave among those in at a penalty: its number from 1,
  // plus a fraction.
  float ScoreAt(int64_t rank) const {
    return static_cast<float>(static_cast<double>(penalties_) +
                              static_cast<double>(rank) / static_cast<double>(size() + 1));
  }

  // Before the end: those still in stand above all others. A run that is stopped in the dense
  // training ends it first.
  absl::Status Score(ModelProbe& probe, std::span<float> scores) override {
    if (inside_.empty()) return absl::OkStatus();
    RETURN_IF_ERROR(Open(probe));
    Train(std::max<int64_t>(0, dense_steps_ - step_), 0.0);
    int64_t rank = 0;
    for (const int32_t c : ByLeavingPenalty()) scores[c] = ScoreAt(++rank);
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    checkpoint.PutArray(prefix + "/inside", std::span<const int32_t>(inside_));
    checkpoint.PutValue(prefix + "/step", step_);
    checkpoint.PutValue(prefix + "/penalties", penalties_);
    checkpoint.PutValue(prefix + "/penalty", penalty_);
    checkpoint.PutValue(prefix + "/patience", patience_);
    if (network_) network_->Save(prefix + "/lassonet", checkpoint);
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(inside_, checkpoint.GetVector<int32_t>(prefix + "/inside"));
    ASSIGN_OR_RETURN(step_, checkpoint.GetValue<int64_t>(prefix + "/step"));
    ASSIGN_OR_RETURN(penalties_, checkpoint.GetValue<int64_t>(prefix + "/penalties"));
    ASSIGN_OR_RETURN(penalty_, checkpoint.GetValue<double>(prefix + "/penalty"));
    ASSIGN_OR_RETURN(patience_, checkpoint.GetValue<double>(prefix + "/patience"));
    for (const char* part : {"/network", "/momentum"}) {
      if (penalty_ == 0) break;
      ASSIGN_OR_RETURN(std::string bytes, checkpoint.Get(prefix + "/lassonet" + part));
      loaded_.Put(std::string("lassonet") + part, std::move(bytes));
    }
    return absl::OkStatus();
  }

  const int64_t steps_, dense_steps_, hidden_units_, most_rows_, batch_;
  const double hierarchy_, multiplier_;
  double rate_ = 0;              // 0: not known yet
  std::vector<int32_t> inside_;  // penalised and not out, ascending
  int64_t step_ = 0, penalties_ = 0;
  double penalty_ = 0;   // lambda; 0: the network was not made yet
  double patience_ = 1;  // power of the multiplier

  std::optional<SkipNetwork> network_;  // made when first needed
  Checkpoint loaded_;                   // what it is to be filled with
  int64_t epoch_ = -1;
  std::vector<uint32_t> order_;  // of the epoch
  std::vector<float> scratch_;
};

}  // namespace

Row LassonetRow() {
  return {.name = "lassonet",
          .version = 1,
          .summary = "A linear connection decides what a network may use, along rising penalties.",
          .gates = {GateKind::kFeature},
          .trains_the_model = false,
          .params = Params(),
          .selection_steps = [](const ParamValues&, int64_t) { return int64_t{0}; },
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<Lassonet>(params);
          }};
}

}  // namespace winnow::selectors
