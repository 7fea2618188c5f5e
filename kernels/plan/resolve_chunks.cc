#include <algorithm>

#include "kernels/plan/model_shape.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

constexpr int64_t kBytesPerValue = 4;

std::string ChunkName(const std::string& field, int32_t begin, int32_t end) {
  if (end == begin + 1) return absl::StrCat(field, "[", begin, "]");
  return absl::StrCat(field, "[", begin, ":", end, "]");
}

}  // namespace

void ResolveChunks(Resolver& r, EmbeddingDimension& task) {
  const std::string path = "embedding_dimension";
  CheckBudget(r, path + ".budget", task.budget, /*density_allowed=*/false);
  if (!task.chunk) task.chunk = 1;
  if (!task.prefix) task.prefix = true;
  const int32_t width = r.plan.model.embedding_dimension;
  r.Require(!HasDots(r.plan.model), path,
            "is not for dot products, which need one width for every field; use mlp, or dlrm with "
            "interaction: concat");
  r.RequireRange(path + ".chunk", *task.chunk, *task.chunk >= 1 && *task.chunk <= width,
                 absl::StrCat("must be 1 to ", width, " (the embedding dimension)"));
  const int32_t chunk = std::clamp(*task.chunk, 1, width);
  std::vector<std::string> known;
  for (const InputField& field : r.plan.model.fields) {
    if (field.categorical) known.push_back(r.profile.columns[field.column].name);
  }
  r.Require(!known.empty(), path, "the dataset has no categorical column, so no embeddings");
  for (size_t i = 0; i < task.fields.size(); ++i) {
    const bool there = std::find(known.begin(), known.end(), task.fields[i]) != known.end();
    r.Require(there, absl::StrCat(path, ".fields[", i, "]"),
              absl::StrCat("no categorical column '", task.fields[i], "'",
                           there ? "" : Suggest(task.fields[i], known)));
    const auto here = task.fields.begin() + static_cast<int64_t>(i);
    r.Require(std::find(task.fields.begin(), here, task.fields[i]) == here,
              absl::StrCat(path, ".fields[", i, "]"),
              absl::StrCat("'", task.fields[i], "' stands twice"));
  }
  CandidateSet& set = r.plan.candidates;
  set.gate = GateKind::kChunk;
  const int64_t outputs = Layers(r.plan.model)[TopLayer(r.plan.model)].outputs;
  for (const InputField& field : r.plan.model.fields) {
    const std::string& name = r.profile.columns[field.column].name;
    const bool wanted = task.fields.empty() || std::find(task.fields.begin(), task.fields.end(),
                                                         name) != task.fields.end();
    if (!field.categorical || !wanted) continue;
    for (int32_t begin = 0; begin < width; begin += chunk) {
      const int32_t end = std::min(begin + chunk, width);
      Candidate candidate;
      candidate.name = ChunkName(name, begin, end);
      candidate.columns = {field.column};
      candidate.begin = begin;
      candidate.end = end;
      candidate.cost.bytes = field.vocabulary * (end - begin) * kBytesPerValue;
      candidate.cost.flops = (end - begin) * outputs;
      if (*task.prefix && begin > 0) candidate.prerequisite = static_cast<int32_t>(set.size()) - 1;
      set.items.push_back(std::move(candidate));
    }
  }
  if (task.budget.max_count && *task.budget.max_count > set.size()) {
    r.Add(path + ".budget.max_count",
          TooManyAsked(*task.budget.max_count, set.size(), "chunks", /*forbidden=*/0));
  }
}

}  // namespace winnow::plan
