// What a subset may cost, and the account kept while it is filled.
#ifndef WINNOW_KERNELS_BASE_BUDGET_H_
#define WINNOW_KERNELS_BASE_BUDGET_H_

#include <cstdint>
#include <optional>
#include <string>
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
  std::optional<double> max_cost;           // in the unit of Cost::price

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

// One bound of a budget: every candidate takes `of(cost)` of it, together at most `limit`.
struct Bound {
  const char* name;  // "max_bytes"
  const char* unit;  // "bytes"
  double limit = 0;
  double (*of)(const Cost&) = nullptr;

  bool Holds(double sum) const;
  // "40 bytes, max_bytes is 30: 10 too many". REQUIRES: !Holds(needed).
  std::string Excess(double needed) const;
};

// The bound on the number of candidates: the smaller of max_count and floor(density * N), at least
// 1; none when neither is given.
std::optional<int64_t> CountBound(const Budget& budget, int64_t num_candidates);

// The bounds that are given, in the order of Budget, max_count as of CountBound. quality_tolerance
// is none: what it takes is not a sum.
std::vector<Bound> BoundsOf(const Budget& budget, int64_t num_candidates);

// What a candidate costs where the budget limits more than their number: in the unit of that bound;
// under several the largest share of a bound that it takes. 1 where only the number is limited.
double LimitedCost(const Budget& budget, const Cost& cost);
// Is more than the number of candidates limited?
bool LimitsCosts(const Budget& budget);

// Running totals of a selection against its Budget.
class BudgetLedger {
 public:
  BudgetLedger() = default;
  // `num_candidates`: as of CountBound.
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

 private:
  std::vector<Bound> bounds_;
  std::vector<double> sums_;  // of the bounds
  int64_t count_ = 0;
  double price_ = 0.0;
  int64_t bytes_ = 0;
  int64_t flops_ = 0;
};

// The largest number of candidates that any affordable subset can have: cheapest first, bound by
// bound.
int64_t MaxAffordableCount(const Budget& budget, const std::vector<Cost>& costs);

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_BUDGET_H_
