#include "kernels/train/job_state.h"

#include <span>

#include "kernels/base/status.h"
#include "kernels/train/byte_codec.h"

namespace winnow::train {
namespace {

constexpr char kJob[] = "job";
constexpr char kModel[] = "final_model/";

void WriteSamples(const MetricSamples& samples, ByteWriter& out) {
  out.Value<uint64_t>(samples.names.size());
  for (size_t m = 0; m < samples.names.size(); ++m) {
    out.Text(samples.names[m]);
    out.Optional(samples.values[m]);
    out.Vector(samples.samples[m]);
  }
}

MetricSamples ReadSamples(ByteReader& in) {
  MetricSamples samples;
  const auto size = in.Value<uint64_t>();
  for (uint64_t m = 0; m < size && in.ok(); ++m) {
    samples.names.push_back(in.Text());
    samples.values.push_back(in.Optional());
    samples.samples.push_back(in.Vector<double>());
  }
  return samples;
}

}  // namespace

void JobState::Save(Checkpoint& checkpoint) const {
  ByteWriter out;
  out.Value(ordinal);
  out.Value(stage);
  out.Value(checkpoints);
  out.Value<uint8_t>(stopped);
  out.Value(work_done);
  out.Value(steps_done);
  WritePicks(picks, out);
  out.Value<uint64_t>(trials.size());
  for (const Trial& trial : trials) out.Optional(trial.validation_loss);
  out.Value(full_loss);
  out.Value<uint64_t>(sizes.size());
  for (const SizeTried& size : sizes) {
    out.Value(size.round);
    out.Value(size.k);
    out.Value(size.loss);
  }
  out.Value(logit_stddev);
  out.Value<uint64_t>(repeats.size());
  for (const std::vector<Pick>& repeat : repeats) WritePicks(repeat, out);
  out.Vector(magnitude_subset);
  out.Value<uint64_t>(warnings.size());
  for (const std::string& warning : warnings) out.Text(warning);
  out.Value<uint64_t>(results.size());
  for (const auto& [name, result] : results) {
    out.Text(name);
    WriteSamples(result.validation, out);
    WriteSamples(result.test, out);
  }
  for (const double seconds : {timing.select_s, timing.retrain_s, timing.controls_s, timing.curve_s,
                               timing.repeats_s, timing.evaluate_s, timing.samples_per_s}) {
    out.Value(seconds);
  }
  checkpoint.Put(kJob, out.Take());
  for (const auto& [name, tensor] : final_model) {
    checkpoint.PutArray(kModel + name + "/shape", std::span<const int64_t>(tensor.shape));
    checkpoint.BorrowArray(kModel + name + "/values", std::span<const float>(tensor.values));
  }
}

absl::Status JobState::Load(const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(const std::string bytes, checkpoint.Get(kJob));
  ByteReader in(bytes);
  ordinal = in.Value<int64_t>();
  stage = in.Value<int64_t>();
  checkpoints = in.Value<int64_t>();
  stopped = in.Value<uint8_t>() != 0;
  work_done = in.Value<double>();
  steps_done = in.Value<int64_t>();
  picks = ReadPicks(in);
  trials.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) trials.push_back({in.Optional()});
  full_loss = in.Value<double>();
  sizes.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) {
    SizeTried& size = sizes.emplace_back();
    size.round = in.Value<int32_t>();
    size.k = in.Value<int64_t>();
    size.loss = in.Value<double>();
  }
  logit_stddev = in.Value<double>();
  repeats.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) repeats.push_back(ReadPicks(in));
  magnitude_subset = in.Vector<int32_t>();
  warnings.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) warnings.push_back(in.Text());
  results.clear();
  for (auto n = in.Value<uint64_t>(); n > 0 && in.ok(); --n) {
    ModelResult& result = results[in.Text()];
    result.validation = ReadSamples(in);
    result.test = ReadSamples(in);
  }
  for (double* seconds : {&timing.select_s, &timing.retrain_s, &timing.controls_s, &timing.curve_s,
                          &timing.repeats_s, &timing.evaluate_s, &timing.samples_per_s}) {
    *seconds = in.Value<double>();
  }
  RETURN_IF_ERROR(in.Finish(kJob));

  final_model.clear();
  const std::string prefix = kModel, suffix = "/shape";
  for (const auto& [section, unused] : checkpoint.sections()) {
    if (section.rfind(prefix, 0) != 0 || !section.ends_with(suffix)) continue;
    const std::string name =
        section.substr(prefix.size(), section.size() - prefix.size() - suffix.size());
    exporting::Tensor& tensor = final_model[name];
    ASSIGN_OR_RETURN(tensor.shape, checkpoint.GetVector<int64_t>(section));
    ASSIGN_OR_RETURN(tensor.values, checkpoint.GetVector<float>(prefix + name + "/values"));
  }
  return absl::OkStatus();
}

}  // namespace winnow::train
