// Where the durable events of a job go.
#ifndef WINNOW_KERNELS_TRAIN_EVENT_SINK_H_
#define WINNOW_KERNELS_TRAIN_EVENT_SINK_H_

#include <utility>
#include <vector>

#include "kernels/train/run_job.h"

namespace winnow::train {

using EventBody = decltype(JobEvent::body);

// THREAD-SAFETY: none.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void Emit(EventBody body) = 0;
};

// Holds the events of an activity that runs beside others, until it is its turn to tell them.
class EventBuffer final : public EventSink {
 public:
  void Emit(EventBody body) override { events_.push_back(std::move(body)); }
  void FlushTo(EventSink& sink) {
    for (EventBody& event : events_) sink.Emit(std::move(event));
    events_.clear();
  }

 private:
  std::vector<EventBody> events_;
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_EVENT_SINK_H_
