#include "kernels/train/warm_start.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "kernels/base/atomic_file.h"
#include "kernels/base/status.h"
#include "kernels/data/dictionary.h"
#include "kernels/export/manifest.h"
#include "kernels/export/safetensors.h"
#include "kernels/export/selection_json.h"
#include "kernels/train/weight_transfer.h"

namespace winnow::train {
namespace {

const char* KindName(TargetKind kind) {
  switch (kind) {
    case TargetKind::kBinary:
      return "binary";
    case TargetKind::kMulticlass:
      return "multiclass";
    case TargetKind::kRegression:
      break;
  }
  return "regression";
}

std::vector<int32_t> GridOf(const CandidateSet& candidates) {
  const BlockGrid& grid = candidates.grid;
  return {grid.layer, grid.block_rows, grid.block_columns, grid.rows, grid.columns};
}

absl::Status CheckTarget(const ParentModel& parent, const TargetProfile& target) {
  if (parent.target_kind != KindName(target.kind)) {
    return absl::FailedPreconditionError(absl::StrCat("warm start: the parent's target is ",
                                                      parent.target_kind, ", this one's is ",
                                                      KindName(target.kind)));
  }
  if (target.kind == TargetKind::kRegression || parent.classes == target.classes) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "warm start: the classes of the parent's target are [", absl::StrJoin(parent.classes, ", "),
      "], of this one's [", absl::StrJoin(target.classes, ", "), "]"));
}

absl::StatusOr<std::vector<data::Dictionary>> Dictionaries(const std::string& path) {
  absl::StatusOr<std::vector<data::Dictionary>> read = data::ReadDictionaries(path);
  if (absl::IsNotFound(read.status())) return std::vector<data::Dictionary>();
  return read;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WarmStart>> WarmStart::Open(const ParentFiles& files,
                                                           const JobContext& context,
                                                           const std::string& dictionaries_path) {
  std::unique_ptr<WarmStart> warm(new WarmStart(context));
  ASSIGN_OR_RETURN(warm->final_,
                   warm->OpenSource(files.manifest, files.weights, dictionaries_path));
  if (!files.selection_manifest.empty()) {
    ASSIGN_OR_RETURN(
        warm->selection_,
        warm->OpenSource(files.selection_manifest, files.selection_weights, dictionaries_path));
    RETURN_IF_ERROR(CheckTransfer(warm->selection_->model, context.plan->model));
    RETURN_IF_ERROR(warm->TakeLogits(warm->selection_->model));
  } else {
    RETURN_IF_ERROR(CheckTransfer(warm->final_.model, context.plan->model));
  }
  warm->Describe(files);
  return warm;
}

absl::StatusOr<WarmStart::Source> WarmStart::OpenSource(
    const std::string& manifest, const std::string& weights,
    const std::string& dictionaries_path) const {
  Source source;
  ASSIGN_OR_RETURN(source.model, ReadParentModel(manifest, weights));
  RETURN_IF_ERROR(CheckTarget(source.model, context_.table->profile().target));
  ASSIGN_OR_RETURN(const std::vector<data::Dictionary> dictionaries,
                   Dictionaries(dictionaries_path));
  source.match = MatchInputs(source.model, *context_.table, dictionaries);
  // What is left is the match; the texts may be many.
  for (ParentInput& input : source.model.inputs) std::vector<std::string>().swap(input.values);
  return source;
}

absl::Status WarmStart::TakeLogits(const ParentModel& model) {
  const CandidateSet& candidates = context_.plan->candidates;
  if (model.selector != context_.plan->spec.selector.name) return absl::OkStatus();
  ASSIGN_OR_RETURN(const exporting::Safetensors weights,
                   exporting::ReadSafetensors(model.weights_path));
  const auto tensor = weights.tensors.find(kGateLogits);
  if (tensor == weights.tensors.end()) return absl::OkStatus();
  const std::vector<float>& from = tensor->second.values;
  const auto size = static_cast<size_t>(candidates.size());
  if (candidates.gate == GateKind::kBlock) {
    if (model.gate_grid == GridOf(candidates) && from.size() == size) logits_ = from;
    return absl::OkStatus();
  }
  if (from.size() != model.gate_names.size()) {
    return absl::DataLossError("the parent's gate logits do not fit the names of its candidates");
  }
  std::unordered_map<std::string, float> by_name;
  for (size_t i = 0; i < from.size(); ++i) by_name.emplace(model.gate_names[i], from[i]);
  logits_.assign(size, 0.0f);
  for (size_t c = 0; c < size; ++c) {
    const auto found = by_name.find(candidates.items[c].name);
    if (found != by_name.end()) logits_[c] = found->second;
  }
  return absl::OkStatus();
}

void WarmStart::Describe(const ParentFiles& files) {
  const Source& source = selection_ ? *selection_ : final_;
  started_.parent = files.job;
  started_.sha256 = files.sha256;
  const std::vector<ColumnProfile>& columns = context_.table->profile().columns;
  for (const plan::InputField& field : context_.plan->model.fields) {
    if (source.match.columns[field.column].input >= 0) {
      ++started_.matched_columns;
    } else {
      started_.new_columns.push_back(columns[field.column].name);
    }
  }
  started_.gone_columns = source.match.gone;
  started_.matched_values = source.match.matched_values;
  started_.new_values = source.match.new_values;
  started_.logits = !logits_.empty();
}

absl::Status WarmStart::Start(const Source& source, nn::Network& network) const {
  ASSIGN_OR_RETURN(const exporting::Safetensors weights,
                   exporting::ReadSafetensors(source.model.weights_path));
  return TransferWeights(source.model, weights, source.match, *context_.table, network);
}

absl::Status WarmStart::StartSelection(nn::Network& network) const {
  return Start(selection_ ? *selection_ : final_, network);
}

absl::Status WarmStart::StartTraining(nn::Network& network) const {
  if (absl::IsFailedPrecondition(CheckTransfer(final_.model, network.shape()))) {
    return absl::OkStatus();
  }
  return Start(final_, network);
}

absl::Status WriteSelectionModel(const JobContext& context, const nn::Network& network,
                                 std::span<const float> logits, const std::vector<Pick>& picks,
                                 const std::string& dictionaries_path,
                                 const std::string& directory) {
  const plan::Plan& plan = *context.plan;
  std::vector<exporting::TensorView> tensors;
  const auto add = [&](std::string name, std::vector<int64_t> shape, const float* values) {
    int64_t count = 1;
    for (const int64_t extent : shape) count *= extent;
    tensors.push_back({std::move(name), std::move(shape), {values, static_cast<size_t>(count)}});
  };
  for (size_t t = 0; t < network.embeddings().size(); ++t) {
    const nn::EmbeddingTable& table = network.embeddings()[t];
    add(exporting::EmbeddingTensorName(context.table->profile().columns[table.column].name),
        {table.vocabulary, table.dimension}, network.table(static_cast<int32_t>(t)));
  }
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const nn::DenseLayer& layer = network.layers()[l];
    const auto index = static_cast<int32_t>(l);
    add(layer.name + ".weight", {layer.inputs, layer.outputs}, network.weights(index));
    add(layer.name + ".bias", {layer.outputs}, network.bias(index));
  }
  if (!logits.empty()) {
    add(kGateLogits, {static_cast<int64_t>(logits.size())}, logits.data());
  }
  RETURN_IF_ERROR(exporting::WriteSafetensors(
      directory + "/" + kSelectionModelFile, tensors,
      {{"format", "winnow"}, {"task", plan.task}, {"manifest", kSelectionManifestFile}}));

  Selection selection;
  selection.task = plan.task;
  selection.picks = picks;
  for (const Candidate& candidate : plan.candidates.items)
    selection.names.push_back(candidate.name);
  exporting::ManifestInput input;
  input.shape = &plan.model;
  input.table = context.table;
  input.candidates = &plan.candidates;
  input.selection = &selection;
  input.dictionaries_path = dictionaries_path;
  ASSIGN_OR_RETURN(nlohmann::ordered_json manifest, exporting::ManifestJson(input));
  nlohmann::ordered_json& gate = manifest["gate"];
  gate["selector"] = plan.spec.selector.name;
  if (plan.candidates.gate == GateKind::kBlock) {
    gate["grid"] = GridOf(plan.candidates);
  } else {
    gate["names"] = selection.names;
  }
  return WriteFileAtomically(directory + "/" + kSelectionManifestFile,
                             exporting::FormatJson(manifest));
}

}  // namespace winnow::train
