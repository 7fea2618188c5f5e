// What a subset may cost, and the account kept while it is filled.
#ifndef WINNOW_KERNELS_BASE_BUDGET_H_
#define WINNOW_KERNELS_BASE_BUDGET_H_

#include <cstdint>
#include <optional>
#include <vector>

namespace winnow {

// Upper bounds; all given must hold, at least one is given. Costs are sums over selected
// candidates.
struct Budget {
  std::optional<int64_t> max_count;         // candidates; must-keep ones count
  std::optional<int64_t> max_bytes;         // bytes of parameters
  std::optional<int64_t> max_flops;         // multiply-adds per sample
  std::optional<double> max_latency_us;     // microseconds per batch, from the frozen table
  std::optional<double> density;            // kept fraction of blocks, (0, 1]
  std::optional<double> quality_tolerance;  // validation loss above the full model's, absolute

  bool operator==(const Budget&) const = default;
};

// Price of one candidate in every currency of Budget.
struct Cost {
  double price = 1.0;  // the user's, default 1
  int64_t bytes = 0;
  int64_t flops = 0;
  double latency_us = 0.0;

  bool operator==(const Cost&) const = default;
};

// Running totals of a selection against its Budget.
class BudgetLedger {
 public:
  BudgetLedger() = default;
  // `num_candidates` turns `density` into a count: floor(density * N), at least 1.
  BudgetLedger(const Budget& budget, int64_t num_candidates);

  // True when `cost` can still be added without breaking any bound.
  bool Fits(const Cost& cost) const;
  // REQUIRES: Fits(cost), or the caller reports the violation itself (must-keep items).
  void Spend(const Cost& cost);
  void Refund(const Cost& cost);

  int64_t count() const { return count_; }
  double price() const { return price_; }
  int64_t bytes() const { return bytes_; }
  int64_t flops() const { return flops_; }
  // The bound on the number of candidates: min of max_count and density, if either is given.
  std::optional<int64_t> max_count() const { return max_count_; }

 private:
  Budget budget_;
  std::optional<int64_t> max_count_;
  int64_t count_ = 0;
  double price_ = 0.0;
  int64_t bytes_ = 0;
  int64_t flops_ = 0;
  double latency_us_ = 0.0;
};

// The largest number of candidates that any affordable subset can have: cheapest first, bound by
// bound.
int64_t MaxAffordableCount(const Budget& budget, const std::vector<Cost>& costs);

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_BUDGET_H_
