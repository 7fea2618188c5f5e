#include "server/sched/fair_queue.h"

#include <utility>

namespace winnow::sched {

void FairQueue::Push(const QueuedItem& item) {
  const Key key{-int64_t{item.priority}, item.order};
  tenants_[item.tenant].emplace(key, item);
  places_[{item.kind, item.tenant, item.id}] = key;
}

bool FairQueue::Remove(domain::WorkKind kind, const std::string& tenant, const std::string& id) {
  const auto place = places_.find({kind, tenant, id});
  if (place == places_.end()) return false;
  const auto queue = tenants_.find(tenant);
  queue->second.erase(place->second);
  if (queue->second.empty()) tenants_.erase(queue);
  places_.erase(place);
  return true;
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
    places_.erase({item.kind, item.tenant, item.id});
    return item;
  }
  return std::nullopt;
}

int64_t FairQueue::size_of(const std::string& tenant) const {
  const auto found = tenants_.find(tenant);
  return found == tenants_.end() ? 0 : static_cast<int64_t>(found->second.size());
}

void FairQueue::ForEach(const std::function<void(const QueuedItem&)>& see) const {
  for (const auto& [tenant, queue] : tenants_) {
    for (const auto& [key, item] : queue) see(item);
  }
}

}  // namespace winnow::sched
