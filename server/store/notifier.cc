#include "server/store/notifier.h"

#include <algorithm>
#include <utility>

namespace winnow::store {

struct Notifier::Entry {
  absl::Mutex mutex;
  std::function<void()> callback ABSL_GUARDED_BY(mutex);  // empty once cancelled
};

Notifier::Subscription::Subscription(Notifier* notifier, std::string resource,
                                     std::shared_ptr<Entry> entry)
    : notifier_(notifier), resource_(std::move(resource)), entry_(std::move(entry)) {}

Notifier::Subscription::Subscription(Subscription&& other) noexcept
    : notifier_(std::exchange(other.notifier_, nullptr)),
      resource_(std::move(other.resource_)),
      entry_(std::move(other.entry_)) {}

Notifier::Subscription& Notifier::Subscription::operator=(Subscription&& other) noexcept {
  if (this == &other) return *this;
  Cancel();
  notifier_ = std::exchange(other.notifier_, nullptr);
  resource_ = std::move(other.resource_);
  entry_ = std::move(other.entry_);
  return *this;
}

Notifier::Subscription::~Subscription() { Cancel(); }

void Notifier::Subscription::Cancel() {
  if (notifier_ == nullptr) return;
  notifier_->Remove(resource_, entry_);
  notifier_ = nullptr;
  entry_.reset();
}

Notifier::Subscription Notifier::Subscribe(const std::string& resource,
                                           std::function<void()> callback) {
  auto entry = std::make_shared<Entry>();
  {
    absl::MutexLock lock(&entry->mutex);
    entry->callback = std::move(callback);
  }
  absl::MutexLock lock(&mutex_);
  entries_[resource].push_back(entry);
  return Subscription(this, resource, std::move(entry));
}

void Notifier::Notify(const std::string& resource) {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(resource);
    if (found == entries_.end()) return;
    entries = found->second;
  }
  for (const std::shared_ptr<Entry>& entry : entries) {
    absl::MutexLock lock(&entry->mutex);
    if (entry->callback) entry->callback();
  }
}

void Notifier::Remove(const std::string& resource, const std::shared_ptr<Entry>& entry) {
  {
    absl::MutexLock lock(&mutex_);
    const auto found = entries_.find(resource);
    if (found != entries_.end()) {
      auto& list = found->second;
      list.erase(std::remove(list.begin(), list.end(), entry), list.end());
      if (list.empty()) entries_.erase(found);
    }
  }
  // Waits for a callback that is running.
  absl::MutexLock lock(&entry->mutex);
  entry->callback = nullptr;
}

}  // namespace winnow::store
