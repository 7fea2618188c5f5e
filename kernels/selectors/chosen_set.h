// The candidates selected so far, in order, with the account of the budget.
#ifndef WINNOW_KERNELS_SELECTORS_CHOSEN_SET_H_
#define WINNOW_KERNELS_SELECTORS_CHOSEN_SET_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/budget.h"
#include "kernels/base/candidate.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/selection.h"

namespace winnow::selectors {

// THREAD-SAFETY: none.
class ChosenSet {
 public:
  // OWNERSHIP: `candidates` outlives this and its copies.
  ChosenSet(const CandidateSet& candidates, const Budget& budget);

  // Adds the must-keep candidates as phase 0, with what they need first. FAILED_PRECONDITION when
  // the budget does not hold them.
  absl::Status AddMustKeep();

  void Add(int32_t candidate, int32_t phase, double score);

  bool contains(int32_t candidate) const { return chosen_[candidate]; }
  const std::vector<Pick>& picks() const { return picks_; }
  int64_t size() const { return static_cast<int64_t>(picks_.size()); }

  // Not chosen, affordable, and (prefix chunks) with its prerequisite chosen. Ascending.
  // O(candidates).
  std::vector<int32_t> Eligible() const;

  // Adds eligible candidates by falling score until none is left or `most` were added; ties go to
  // the lowest index. Returns those added, in order. O(candidates log candidates) without
  // prerequisites.
  std::vector<Pick> FillByScore(std::span<const float> scores, int32_t phase, int64_t most);

  // As FillByScore for scores that are gains of the objective, which add up. Where the budget
  // limits more than a number, by gain for cost instead (knapsack.h); scores are gains all the
  // same.
  std::vector<Pick> FillByGain(std::span<const float> gains, int32_t phase, int64_t most);

  void Save(const std::string& prefix, Checkpoint& checkpoint) const;
  absl::Status Load(const std::string& prefix, const Checkpoint& checkpoint);

 private:
  bool Ready(int32_t candidate) const;

  const CandidateSet* candidates_;
  Budget budget_;
  BudgetLedger ledger_;
  std::vector<bool> chosen_;
  std::vector<Pick> picks_;
};

}  // namespace winnow::selectors

#endif  // WINNOW_KERNELS_SELECTORS_CHOSEN_SET_H_
