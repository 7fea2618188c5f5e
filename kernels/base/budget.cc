#include "kernels/base/budget.h"

#include <algorithm>
#include <cmath>

namespace winnow {

BudgetLedger::BudgetLedger(const Budget& budget, int64_t num_candidates) : budget_(budget) {
  max_count_ = budget.max_count;
  if (budget.density) {
    // The product may fall below an integer by rounding (0.29 * 100); a part in 10^9 is no block.
    const double exact = *budget.density * static_cast<double>(num_candidates);
    const auto kept = std::max<int64_t>(1, static_cast<int64_t>(std::floor(exact + 1e-9)));
    max_count_ = max_count_ ? std::min(*max_count_, kept) : kept;
  }
}

bool BudgetLedger::Fits(const Cost& cost) const {
  if (max_count_ && count_ + 1 > *max_count_) return false;
  if (budget_.max_bytes && bytes_ + cost.bytes > *budget_.max_bytes) return false;
  if (budget_.max_flops && flops_ + cost.flops > *budget_.max_flops) return false;
  if (budget_.max_latency_us && latency_us_ + cost.latency_us > *budget_.max_latency_us) {
    return false;
  }
  return true;
}

void BudgetLedger::Spend(const Cost& cost) {
  ++count_;
  price_ += cost.price;
  bytes_ += cost.bytes;
  flops_ += cost.flops;
  latency_us_ += cost.latency_us;
}

void BudgetLedger::Refund(const Cost& cost) {
  --count_;
  price_ -= cost.price;
  bytes_ -= cost.bytes;
  flops_ -= cost.flops;
  latency_us_ -= cost.latency_us;
}

int64_t MaxAffordableCount(const Budget& budget, const std::vector<Cost>& costs) {
  const auto n = static_cast<int64_t>(costs.size());
  int64_t count = std::min(n, BudgetLedger(budget, n).max_count().value_or(n));
  // How many of the cheapest items fit under one bound, for every additive currency.
  const auto cheapest = [&](auto price_of, double bound) {
    std::vector<double> prices;
    prices.reserve(costs.size());
    for (const Cost& cost : costs) prices.push_back(static_cast<double>(price_of(cost)));
    std::sort(prices.begin(), prices.end());
    double sum = 0.0;
    int64_t fit = 0;
    for (double price : prices) {
      sum += price;
      if (sum > bound) break;
      ++fit;
    }
    count = std::min(count, fit);
  };
  if (budget.max_bytes) {
    cheapest([](const Cost& c) { return c.bytes; }, static_cast<double>(*budget.max_bytes));
  }
  if (budget.max_flops) {
    cheapest([](const Cost& c) { return c.flops; }, static_cast<double>(*budget.max_flops));
  }
  if (budget.max_latency_us) {
    cheapest([](const Cost& c) { return c.latency_us; }, *budget.max_latency_us);
  }
  return count;
}

}  // namespace winnow
