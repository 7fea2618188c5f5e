#include <algorithm>
#include <cmath>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "kernels/plan/resolver.h"

namespace winnow::plan {
namespace {

std::string Names(const std::vector<Bound>& bounds) {
  return absl::StrJoin(bounds, " and ",
                       [](std::string* out, const Bound& bound) { out->append(bound.name); });
}

bool FitsAlone(const std::vector<Bound>& bounds, const Cost& cost) {
  return std::all_of(bounds.begin(), bounds.end(),
                     [&](const Bound& bound) { return bound.Holds(bound.of(cost)); });
}

// How many times the tightest bound a candidate takes.
double Load(const std::vector<Bound>& bounds, const Cost& cost) {
  double load = 0;
  for (const Bound& bound : bounds) load = std::max(load, bound.of(cost) / bound.limit);
  return load;
}

// Of all that need nothing else first, the one that asks least. REQUIRES: `items` is not empty.
template <typename Ask>
const Candidate& Least(const std::vector<Candidate>& items, const Ask& ask) {
  const auto first = [](const Candidate& c) { return c.prerequisite < 0 ? 0 : 1; };
  return *std::min_element(items.begin(), items.end(), [&](const auto& a, const auto& b) {
    return first(a) != first(b) ? first(a) < first(b) : ask(a.cost) < ask(b.cost);
  });
}

void CheckMustKeep(Resolver& r, const std::vector<Bound>& bounds) {
  const CandidateSet& set = r.plan.candidates;
  for (const Bound& bound : bounds) {
    double needed = 0;
    const Candidate* largest = nullptr;
    for (const int32_t index : set.must_keep) {
      const Candidate& candidate = set.items[index];
      needed += bound.of(candidate.cost);
      if (largest == nullptr || bound.of(candidate.cost) > bound.of(largest->cost)) {
        largest = &candidate;
      }
    }
    if (bound.Holds(needed)) continue;
    std::string message = absl::StrCat("the budget does not hold all ", set.must_keep.size(),
                                       ": they need ", bound.Excess(needed));
    if (set.must_keep.size() > 1 && bound.of(largest->cost) > 1) {
      absl::StrAppend(&message, "; the largest, '", largest->name, "', needs ",
                      absl::StrFormat("%.12g", bound.of(largest->cost)));
    }
    r.Add(r.plan.task + ".must_keep", message);
  }
}

// A budget that holds no candidate at all.
void CheckAnyFits(Resolver& r, const std::vector<Bound>& bounds) {
  const std::vector<Candidate>& items = r.plan.candidates.items;
  const bool any = std::any_of(items.begin(), items.end(), [&](const Candidate& candidate) {
    return candidate.prerequisite < 0 && FitsAlone(bounds, candidate.cost);
  });
  if (any) return;
  const std::string path = r.plan.task + ".budget";
  const std::string none = absl::StrCat("holds none of the ", items.size(), " candidates: the ");
  bool named = false;
  for (const Bound& bound : bounds) {
    const Candidate& smallest = Least(items, bound.of);
    const double needed = bound.of(smallest.cost);
    if (bound.Holds(needed)) continue;
    r.Add(absl::StrCat(path, ".", bound.name),
          absl::StrCat(none, "smallest, '", smallest.name, "', needs ", bound.Excess(needed)));
    named = true;
  }
  if (named) return;
  // Each bound alone holds something, all together nothing.
  const Candidate& nearest = Least(items, [&](const Cost& cost) { return Load(bounds, cost); });
  for (const Bound& bound : bounds) {
    const double needed = bound.of(nearest.cost);
    if (bound.Holds(needed)) continue;
    r.Add(path, absl::StrCat(Names(bounds), " together hold none of the ", items.size(),
                             " candidates: the nearest, '", nearest.name, "', needs ",
                             bound.Excess(needed)));
  }
}

}  // namespace

void CheckBudget(Resolver& r, const std::string& path, const Budget& budget, bool density_allowed) {
  const bool any = budget.max_count || budget.max_latency_us || budget.density ||
                   budget.quality_tolerance || LimitsCosts(budget);
  r.Require(any, path,
            density_allowed ? "is empty; give density or max_count"
                            : "is empty; give max_count, max_bytes, max_flops or "
                              "quality_tolerance");
  const auto positive = [&](const char* field, const std::optional<int64_t>& bound) {
    if (bound) {
      r.RequireRange(absl::StrCat(path, ".", field), *bound, *bound >= 1, "must be >= 1");
    }
  };
  positive("max_count", budget.max_count);
  positive("max_bytes", budget.max_bytes);
  positive("max_flops", budget.max_flops);
  if (budget.density && density_allowed) {
    r.RequireRange(path + ".density", *budget.density, *budget.density > 0 && *budget.density <= 1,
                   "must be in (0, 1]");
  } else if (budget.density) {
    r.Add(path + ".density", "is for block_pruning only; use max_count");
  }
  r.Require(!budget.max_latency_us, path + ".max_latency_us", "is not built yet; use max_flops");
  if (budget.max_cost && r.plan.task != "feature_selection") {
    r.Add(path + ".max_cost", "is for feature_selection only, whose candidates have costs");
  } else if (budget.max_cost) {
    r.RequireRange(path + ".max_cost", *budget.max_cost,
                   *budget.max_cost > 0 && std::isfinite(*budget.max_cost), "must be > 0");
  }
}

void CheckCandidatesFit(Resolver& r) {
  const std::vector<Bound> bounds = BoundsOf(r.plan.budget, r.plan.candidates.size());
  CheckMustKeep(r, bounds);
  CheckAnyFits(r, bounds);
}

std::string NeverAffordable(const Plan& plan) {
  constexpr size_t kMostNames = 5;
  const std::vector<Bound> bounds = BoundsOf(plan.budget, plan.candidates.size());
  std::vector<std::string> named;
  size_t more = 0;
  for (const Candidate& candidate : plan.candidates.items) {
    const auto broken = std::find_if(bounds.begin(), bounds.end(), [&](const Bound& bound) {
      return !bound.Holds(bound.of(candidate.cost));
    });
    if (broken == bounds.end()) continue;
    if (named.size() == kMostNames) {
      ++more;
      continue;
    }
    named.push_back(
        absl::StrCat("'", candidate.name, "' needs ", broken->Excess(broken->of(candidate.cost))));
  }
  if (named.empty()) return "";
  if (more > 0) named.push_back(absl::StrCat(more, " more"));
  return absl::StrCat("candidates above the budget by themselves are never selected: ",
                      absl::StrJoin(named, "; "));
}

std::string TooManyAsked(int64_t asked, int64_t there, const std::string& what, size_t forbidden) {
  std::string message = absl::StrCat("must be at most ", there, " (the number of ", what);
  if (forbidden > 0) absl::StrAppend(&message, " that forbid leaves");
  return absl::StrCat(message, "), got ", asked, ": ", asked - there, " too many");
}

}  // namespace winnow::plan
