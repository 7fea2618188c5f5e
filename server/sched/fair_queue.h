// Which waiting piece of work runs next: round robin over tenants; inside a tenant the highest
// priority; then first come, first served. Decides only: no time, no threads, no I/O.
//
// The one whose turn it is waits until it fits, and nobody overtakes it: a job of many threads
// cannot be starved by a stream of small ones. A tenant that may not run now (its running limit),
// or whose items all wait for their time, is passed over.
#ifndef WINNOW_SERVER_SCHED_FAIR_QUEUE_H_
#define WINNOW_SERVER_SCHED_FAIR_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <tuple>

#include "absl/time/time.h"
#include "server/domain/names.h"

namespace winnow::sched {

struct QueuedItem {
  domain::WorkKind kind = domain::WorkKind::kJob;
  std::string tenant;
  std::string id;
  int32_t priority = 0;
  int64_t order = 0;  // creation order, unique in its queue
  int32_t threads = 1;
  int64_t memory_estimate_bytes = 0;
  absl::Time create_time;
  absl::Duration not_before =
      absl::ZeroDuration();  // Clock::Monotonic; a crashed job waits a little
};

class FairQueue {
 public:
  // REQUIRES: no item of this kind, tenant and id is in the queue.
  void Push(const QueuedItem& item);
  // False when it is not in the queue.
  bool Remove(domain::WorkKind kind, const std::string& tenant, const std::string& id);

  // Takes out and returns the item whose turn it is, or nothing when no item is ready or that item
  // does not fit. Each call that returns an item moves the turn to the next tenant.
  std::optional<QueuedItem> PopNext(absl::Duration now,
                                    const std::function<bool(const std::string& tenant)>& may_run,
                                    const std::function<bool(const QueuedItem&)>& fits);

  int64_t size() const { return static_cast<int64_t>(places_.size()); }
  int64_t size_of(const std::string& tenant) const;
  void ForEach(const std::function<void(const QueuedItem&)>& see) const;

 private:
  using Key =
      std::tuple<int64_t, int64_t>;  // (-priority, order): ascending is the order of service
  using Place = std::tuple<domain::WorkKind, std::string, std::string>;  // kind, tenant, id
  using TenantQueue = std::map<Key, QueuedItem>;
  using Tenants = std::map<std::string, TenantQueue>;

  static TenantQueue::iterator FirstReady(TenantQueue& queue, absl::Duration now);

  Tenants tenants_;              // no empty queues
  std::map<Place, Key> places_;  // of every item in its tenant's queue
  std::string last_served_;      // round robin goes on after this name
};

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_FAIR_QUEUE_H_
