#include "server/sched/fair_queue.h"

#include <utility>

namespace winnow::sched {

void FairQueue::Push(const QueuedItem& item) {
  tenants_[item.tenant].emplace(Key{-int64_t{item.priority}, item.order}, item);
  ++size_;
}

bool FairQueue::Remove(domain::WorkKind kind, const std::string& tenant, const std::string& id) {
  const auto found = tenants_.find(tenant);
  if (found == tenants_.end()) return false;
  TenantQueue& queue = found->second;
  for (auto it = queue.begin(); it != queue.end(); ++it) {
    if (it->second.kind != kind || it->second.id != id) continue;
    queue.erase(it);
    --size_;
    if (queue.empty()) tenants_.erase(found);
    return true;
  }
  return false;
}

FairQueue::TenantQueue::iterator FairQueue::FirstReady(TenantQueue& queue, absl::Duration now) {
  auto it = queue.begin();
  while (it != queue.end() && it->second.not_before > now) ++it;
  return it;
}

std::optional<QueuedItem> FairQueue::PopNext(
    absl::Duration now, const std::function<bool(const std::string& tenant)>& may_run,
    const std::function<bool(const QueuedItem&)>& fits) {
  auto turn = tenants_.upper_bound(last_served_);
  for (size_t seen = 0; seen < tenants_.size(); ++seen, ++turn) {
    if (turn == tenants_.end()) turn = tenants_.begin();
    const auto next = FirstReady(turn->second, now);
    if (next == turn->second.end() || !may_run(turn->first)) continue;
    if (!fits(next->second)) return std::nullopt;
    QueuedItem item = std::move(next->second);
    last_served_ = turn->first;
    turn->second.erase(next);
    if (turn->second.empty()) tenants_.erase(turn);
    --size_;
    return item;
  }
  return std::nullopt;
}

int64_t FairQueue::size_of(const std::string& tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : static_cast<int64_t>(found->second.size());
}

}  // namespace winnow::sched
