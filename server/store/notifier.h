// "Something new": wakes watchers, which then pull from the store. Says what changed, never how.
#ifndef WINNOW_SERVER_STORE_NOTIFIER_H_
#define WINNOW_SERVER_STORE_NOTIFIER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace winnow::store {

// THREAD-SAFETY: any thread.
class Notifier {
 private:
  struct Entry;

 public:
  // Ends the subscription when destroyed. ENSURES: afterwards the callback does not run and will
  // not. REQUIRES: not destroyed from inside its own callback; destroyed before the Notifier.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&& other) noexcept;
    Subscription& operator=(Subscription&& other) noexcept;
    ~Subscription();
    void Cancel();

   private:
    friend class Notifier;
    Subscription(Notifier* notifier, std::string resource, std::shared_ptr<Entry> entry);
    Notifier* notifier_ = nullptr;
    std::string resource_;
    std::shared_ptr<Entry> entry_;  // shared with a Notify that is under way on another thread
  };

  // `callback` runs on the thread that committed, after the commit, with no lock of the store held.
  // It must not block: set a flag, schedule a read.
  [[nodiscard]] Subscription Subscribe(const std::string& resource, std::function<void()> callback);

  void Notify(const std::string& resource);

 private:
  void Remove(const std::string& resource, const std::shared_ptr<Entry>& entry);

  absl::Mutex mutex_;
  std::map<std::string, std::vector<std::shared_ptr<Entry>>> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_NOTIFIER_H_
