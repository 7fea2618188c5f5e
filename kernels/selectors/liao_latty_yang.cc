#include "kernels/selectors/liao_latty_yang.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "kernels/base/status.h"
#include "kernels/selectors/attention_network.h"
#include "kernels/selectors/one_shot.h"

namespace winnow::selectors {
namespace {

constexpr int64_t kRows = 64;
constexpr int64_t kMostUnits = 65536;
constexpr double kRankedShare = 0.1;

std::span<const ParamSpec> Params() {
  static const std::vector<ParamSpec> table =
      WithOwnRunParams({{.name = "attention_units",
                         .type = ParamType::kString,
                         .default_value = std::string("128,64"),
                         .doc = "Hidden units of the attention network, 1 to 65536 each."},
                        {.name = "negative_slope",
                         .default_value = 0.2,
                         .min = 0,
                         .max = 1,
                         .doc = "Slope of its leaky rectifier below 0."}});
  return table;
}

// Empty when the text is not a list of whole numbers in range.
std::vector<int64_t> Units(const std::string& text) {
  std::vector<int64_t> units;
  for (const auto& part : absl::StrSplit(text, ',')) {
    int64_t value = 0;
    if (!absl::SimpleAtoi(part, &value) || value < 1 || value > kMostUnits) return {};
    units.push_back(value);
  }
  return units;
}

std::vector<ParamViolation> Check(const ParamValues& params) {
  const std::string& text = GetString(params, "attention_units");
  if (!Units(text).empty()) return {};
  return {{"attention_units",
           absl::StrCat("must be whole numbers from 1 to ", kMostUnits, ", got '", text, "'")}};
}

class LiaoLattyYang final : public OneShot {
 public:
  explicit LiaoLattyYang(const ParamValues& params)
      : units_(Units(GetString(params, "attention_units"))),
        slope_(GetDouble(params, "negative_slope")),
        rate_(GetDouble(params, "learning_rate")) {}

  std::string first_phase() const override { return "attention"; }
  bool needs_mask_gradient() const override { return true; }

  absl::Status Start() override {
    network_ =
        AttentionNetwork(size(), units_, slope_, RngStream(problem().seed, "init/liao_latty_yang"));
    sums_.assign(static_cast<size_t>(size()), 0.0);
    average_.assign(sums_.size(), 0.0);
    return absl::OkStatus();
  }

  absl::Status Prepare(int64_t, ModelProbe& probe) override {
    RETURN_IF_ERROR(probe.BatchInputs(kRows, inputs_));
    network_.Forward(inputs_, average_);
    const double top = *std::max_element(average_.begin(), average_.end());
    double sum = 0;
    for (const double a : average_) sum += std::exp(a - top);
    for (size_t c = 0; c < average_.size(); ++c) {
      next_mask()[c] =
          static_cast<float>(static_cast<double>(size()) * std::exp(average_[c] - top) / sum);
    }
    KeepMustKeep();
    return absl::OkStatus();
  }

  absl::Status Step(int64_t step, double rate, std::span<const float> g, ModelProbe& probe,
                    StepOutcome& outcome) override {
    const auto n = static_cast<double>(size());
    double mean = 0;
    for (size_t c = 0; c < average_.size(); ++c) mean += mask()[c] * g[c] / n;
    std::vector<double> gradient(average_.size());
    for (size_t c = 0; c < gradient.size(); ++c) gradient[c] = mask()[c] * (g[c] - mean);
    network_.Backward(gradient, rate_ * rate);
    const double first_ranked = (1.0 - kRankedShare) * static_cast<double>(problem().total_steps);
    if (static_cast<double>(step) >= first_ranked) ++ranked_;
    if (static_cast<double>(step) < first_ranked || ranked_ == 1) {
      std::fill(sums_.begin(), sums_.end(), 0.0);
    }
    for (size_t c = 0; c < sums_.size(); ++c) sums_[c] += mask()[c];
    outcome.mask_changed = false;
    if (is_last(step)) return Choose(probe, outcome);
    return Score(probe, next_scores());
  }

 private:
  absl::Status Score(ModelProbe&, std::span<float> scores) override {
    const double steps = static_cast<double>(std::max<int64_t>(1, ranked_));
    for (size_t c = 0; c < scores.size(); ++c) scores[c] = static_cast<float>(sums_[c] / steps);
    return absl::OkStatus();
  }

  void SaveMore(const std::string& prefix, Checkpoint& checkpoint) const override {
    network_.Save(prefix, checkpoint);
    checkpoint.PutValue(prefix + "/ranked", ranked_);
    checkpoint.PutArray(prefix + "/sums", std::span<const double>(sums_));
  }
  absl::Status LoadMore(const std::string& prefix, const Checkpoint& checkpoint) override {
    ASSIGN_OR_RETURN(ranked_, checkpoint.GetValue<int64_t>(prefix + "/ranked"));
    RETURN_IF_ERROR(checkpoint.GetArray(prefix + "/sums", std::span<double>(sums_)));
    return network_.Load(prefix, checkpoint);
  }

  const std::vector<int64_t> units_;
  const double slope_, rate_;
  AttentionNetwork network_;
  int64_t ranked_ = 0;        // steps behind sums_
  std::vector<double> sums_;  // of masks: of the newest step, of the last tenth in the end
  std::vector<float> inputs_;
  std::vector<double> average_;  // A
};

}  // namespace

Row LiaoLattyYangRow() {
  return {.name = "liao_latty_yang",
          .version = 1,
          .summary = "Attention of a small network on the inputs, averaged over the batch.",
          .gates = {GateKind::kFeature, GateKind::kChunk},
          .trains_the_model = false,
          .reads_inputs = true,
          .params = Params(),
          .selection_steps = StepsOfOwnRun,
          .check = Check,
          .make = [](const ParamValues& params) -> std::unique_ptr<Selector> {
            return std::make_unique<LiaoLattyYang>(params);
          }};
}

}  // namespace winnow::selectors
