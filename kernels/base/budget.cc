#include "kernels/base/budget.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"

namespace winnow {
namespace {

// Sums of prices may exceed a bound that they meet by rounding (0.1 + 0.2 and 0.3); a part in 10^9
// is no price.
constexpr double kRounding = 1e-9;

}  // namespace

bool Bound::Holds(double sum) const { return sum <= limit * (1.0 + kRounding); }

std::string Bound::Excess(double needed) const {
  return absl::StrFormat("%.12g %s, %s is %.12g: %.12g too many", needed, unit, name, limit,
                         needed - limit);
}

std::optional<int64_t> CountBound(const Budget& budget, int64_t num_candidates) {
  if (!budget.density) return budget.max_count;
  // The product may fall below an integer by rounding (0.29 * 100); a part in 10^9 is no block.
  const double exact = *budget.density * static_cast<double>(num_candidates);
  const auto kept = std::max<int64_t>(1, static_cast<int64_t>(std::floor(exact + 1e-9)));
  return budget.max_count ? std::min(*budget.max_count, kept) : kept;
}

std::vector<Bound> BoundsOf(const Budget& budget, int64_t num_candidates) {
  std::vector<Bound> bounds;
  const auto add = [&](const char* name, const char* unit, const auto& limit,
                       double (*of)(const Cost&)) {
    if (limit) bounds.push_back({name, unit, static_cast<double>(*limit), of});
  };
  add("max_count", "candidates", CountBound(budget, num_candidates),
      [](const Cost&) { return 1.0; });
  add("max_bytes", "bytes", budget.max_bytes,
      [](const Cost& cost) { return static_cast<double>(cost.bytes); });
  add("max_flops", "multiply-adds", budget.max_flops,
      [](const Cost& cost) { return static_cast<double>(cost.flops); });
  add("max_latency_us", "microseconds", budget.max_latency_us,
      [](const Cost& cost) { return cost.latency_us; });
  add("max_cost", "units of cost", budget.max_cost, [](const Cost& cost) { return cost.price; });
  return bounds;
}

bool LimitsCosts(const Budget& budget) {
  return budget.max_bytes || budget.max_flops || budget.max_latency_us || budget.max_cost;
}

double LimitedCost(const Budget& budget, const Cost& cost) {
  Budget costs = budget;
  costs.max_count.reset();
  costs.density.reset();
  const std::vector<Bound> bounds = BoundsOf(costs, 0);
  if (bounds.empty()) return 1.0;
  if (bounds.size() == 1) return bounds[0].of(cost);
  double share = 0.0;
  for (const Bound& bound : bounds) share = std::max(share, bound.of(cost) / bound.limit);
  return share;
}

BudgetLedger::BudgetLedger(const Budget& budget, int64_t num_candidates)
    : bounds_(BoundsOf(budget, num_candidates)), sums_(bounds_.size(), 0.0) {}

bool BudgetLedger::Fits(const Cost& cost) const {
  for (size_t i = 0; i < bounds_.size(); ++i) {
    if (!bounds_[i].Holds(sums_[i] + bounds_[i].of(cost))) return false;
  }
  return true;
}

void BudgetLedger::Spend(const Cost& cost) {
  for (size_t i = 0; i < bounds_.size(); ++i) sums_[i] += bounds_[i].of(cost);
  ++count_;
  price_ += cost.price;
  bytes_ += cost.bytes;
  flops_ += cost.flops;
}

void BudgetLedger::Refund(const Cost& cost) {
  for (size_t i = 0; i < bounds_.size(); ++i) sums_[i] -= bounds_[i].of(cost);
  --count_;
  price_ -= cost.price;
  bytes_ -= cost.bytes;
  flops_ -= cost.flops;
}

int64_t MaxAffordableCount(const Budget& budget, const std::vector<Cost>& costs) {
  auto count = static_cast<int64_t>(costs.size());
  std::vector<double> prices(costs.size());
  for (const Bound& bound : BoundsOf(budget, count)) {
    for (size_t i = 0; i < costs.size(); ++i) prices[i] = bound.of(costs[i]);
    std::sort(prices.begin(), prices.end());
    double sum = 0.0;
    int64_t fit = 0;
    for (const double price : prices) {
      sum += price;
      if (!bound.Holds(sum)) break;
      ++fit;
    }
    count = std::min(count, fit);
  }
  return count;
}

}  // namespace winnow
