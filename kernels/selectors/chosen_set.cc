#include "kernels/selectors/chosen_set.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/selectors/knapsack.h"

namespace winnow::selectors {
namespace {

// A pick as it stands in a checkpoint; gains are the trainer's.
struct StoredPick {
  int32_t candidate;
  int32_t phase;
  double score;
};

}  // namespace

ChosenSet::ChosenSet(const CandidateSet& candidates, const Budget& budget)
    : candidates_(&candidates),
      budget_(budget),
      ledger_(budget, candidates.size()),
      chosen_(static_cast<size_t>(candidates.size())) {}

bool ChosenSet::Ready(int32_t candidate) const {
  const Candidate& item = candidates_->items[candidate];
  return !chosen_[candidate] && (item.prerequisite < 0 || chosen_[item.prerequisite]) &&
         ledger_.Fits(item.cost);
}

absl::Status ChosenSet::AddMustKeep() {
  for (int32_t wanted : candidates_->must_keep) {
    std::vector<int32_t> chain;  // the candidate and what it needs, deepest first at the back
    for (int32_t c = wanted; c >= 0 && !chosen_[c]; c = candidates_->items[c].prerequisite) {
      chain.push_back(c);
    }
    for (auto c = chain.rbegin(); c != chain.rend(); ++c) {
      if (!ledger_.Fits(candidates_->items[*c].cost)) {
        return absl::FailedPreconditionError(
            absl::StrCat("the budget does not hold must_keep: '", candidates_->items[*c].name,
                         "' no longer fits after ", picks_.size(), " of them"));
      }
      Add(*c, 0, 0.0);
    }
  }
  return absl::OkStatus();
}

void ChosenSet::Add(int32_t candidate, int32_t phase, double score) {
  ledger_.Spend(candidates_->items[candidate].cost);
  chosen_[candidate] = true;
  picks_.push_back({.candidate = candidate, .phase = phase, .score = score, .gain = {}});
}

std::vector<int32_t> ChosenSet::Eligible() const {
  std::vector<int32_t> eligible;
  for (int32_t c = 0; c < candidates_->size(); ++c) {
    if (Ready(c)) eligible.push_back(c);
  }
  return eligible;
}

std::vector<Pick> ChosenSet::FillByScore(std::span<const float> scores, int32_t phase,
                                         int64_t most) {
  const auto worse = [&scores](int32_t a, int32_t b) {
    return scores[a] != scores[b] ? scores[a] < scores[b] : a > b;
  };
  // What a pick makes eligible joins the queue when its prerequisite is chosen.
  std::vector<std::vector<int32_t>> followers(candidates_->items.size());
  std::priority_queue<int32_t, std::vector<int32_t>, decltype(worse)> queue(worse);
  for (int32_t c = 0; c < candidates_->size(); ++c) {
    const int32_t before = candidates_->items[c].prerequisite;
    if (before >= 0 && !chosen_[before]) {
      followers[before].push_back(c);
    } else if (!chosen_[c]) {
      queue.push(c);
    }
  }
  const size_t first = picks_.size();
  while (!queue.empty() && static_cast<int64_t>(picks_.size() - first) < most) {
    const int32_t best = queue.top();
    queue.pop();
    // Costs only add up: what does not fit now never will.
    if (!ledger_.Fits(candidates_->items[best].cost)) continue;
    Add(best, phase, scores[best]);
    for (int32_t c : followers[best]) {
      if (!chosen_[c]) queue.push(c);
    }
  }
  return {picks_.begin() + static_cast<int64_t>(first), picks_.end()};
}

std::vector<Pick> ChosenSet::FillByGain(std::span<const float> gains, int32_t phase, int64_t most) {
  if (!LimitsCosts(budget_)) return FillByScore(gains, phase, most);
  std::vector<float> ratios(gains.size());
  for (size_t c = 0; c < gains.size(); ++c) {
    ratios[c] =
        static_cast<float>(GainForCost(gains[c], LimitedCost(budget_, candidates_->items[c].cost)));
  }
  const auto total = [&](const std::vector<Pick>& picks) {
    double sum = 0;
    for (const Pick& pick : picks) sum += gains[pick.candidate];
    return sum;
  };
  ChosenSet greedy = *this, fallback = *this;
  greedy.FillByScore(ratios, phase, most);
  int32_t single = -1;
  for (const int32_t c : Eligible()) {
    if (single < 0 || gains[c] > gains[single]) single = c;
  }
  const size_t first = picks_.size();
  if (single >= 0 && most > 0 && !greedy.contains(single)) {
    fallback.Add(single, phase, gains[single]);
    fallback.FillByScore(ratios, phase, most - 1);
  }
  *this = total(fallback.picks_) > total(greedy.picks_) ? std::move(fallback) : std::move(greedy);
  for (size_t i = first; i < picks_.size(); ++i) picks_[i].score = gains[picks_[i].candidate];
  return {picks_.begin() + static_cast<int64_t>(first), picks_.end()};
}

void ChosenSet::Save(const std::string& prefix, Checkpoint& checkpoint) const {
  std::vector<StoredPick> stored;
  for (const Pick& pick : picks_) stored.push_back({pick.candidate, pick.phase, pick.score});
  checkpoint.PutArray(prefix + "/picks", std::span<const StoredPick>(stored));
}

absl::Status ChosenSet::Load(const std::string& prefix, const Checkpoint& checkpoint) {
  ASSIGN_OR_RETURN(const auto stored, checkpoint.GetVector<StoredPick>(prefix + "/picks"));
  for (const Pick& pick : picks_) {
    ledger_.Refund(candidates_->items[pick.candidate].cost);
    chosen_[pick.candidate] = false;
  }
  picks_.clear();
  for (const StoredPick& pick : stored) {
    if (pick.candidate < 0 || pick.candidate >= candidates_->size() || chosen_[pick.candidate]) {
      return absl::DataLossError("checkpoint section '" + prefix +
                                 "/picks' names a candidate that is "
                                 "not there or stands twice");
    }
    Add(pick.candidate, pick.phase, pick.score);
  }
  return absl::OkStatus();
}

}  // namespace winnow::selectors
