// Which waiting job runs next: round robin over tenants; inside a tenant the highest priority; then
// first come, first served. Decides only: no time, no threads, no I/O.
//
// The job whose turn it is waits for its slots, and nobody overtakes it: a job of many threads
// cannot be starved by a stream of small ones. A tenant at its running limit is passed over and
// keeps its turn's place.
#ifndef WINNOW_SERVER_SCHED_FAIR_QUEUE_H_
#define WINNOW_SERVER_SCHED_FAIR_QUEUE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "absl/time/time.h"

namespace winnow::sched {

struct QueuedItem {
  std::string tenant;
  std::string id;
  int32_t priority = 0;
  int64_t order = 0;  // creation order, unique
  int32_t threads = 1;
  absl::Duration not_before =
      absl::ZeroDuration();  // Clock::Monotonic; a crashed job waits a little
};

class FairQueue {
 public:
  // REQUIRES: no item of this tenant and id is in the queue.
  void Push(const QueuedItem& item);
  // False when it is not in the queue.
  bool Remove(const std::string& tenant, const std::string& id);

  // Takes out and returns the item whose turn it is, or nothing when none is ready or it needs more
  // than `free_slots`. `may_run` says whether a tenant is below its running limit.
  std::optional<QueuedItem> PopNext(int32_t free_slots, absl::Duration now,
                                    const std::function<bool(const std::string&)>& may_run);

  int64_t size() const { return size_; }
  int64_t size_of(const std::string& tenant) const;
  // The earliest not_before after `now` among all items, if any.
  std::optional<absl::Duration> NextReady(absl::Duration now) const;

 private:
  using Key =
      std::tuple<int32_t, int64_t>;  // (-priority, order): ascending is the order of service
  using TenantQueue = std::map<Key, QueuedItem>;

  std::map<std::string, TenantQueue> tenants_;  // no empty ones
  std::string last_served_;                     // round robin goes on after this name
  int64_t size_ = 0;
};

}  // namespace winnow::sched

#endif  // WINNOW_SERVER_SCHED_FAIR_QUEUE_H_
