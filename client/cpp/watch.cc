#include "client/cpp/watch.h"

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"

namespace winnow::client {
namespace {

constexpr absl::Duration kLongestPause = absl::Seconds(5);

bool IsTransient(const absl::Status& status) {
  return status.code() == absl::StatusCode::kUnavailable;
}

class Watcher {
 public:
  Watcher(Client& client, const std::string& name, const WatchOptions& options,
          const std::function<absl::Status(const v1::JobEvent&)>& apply)
      : client_(client),
        name_(name),
        options_(options),
        apply_(apply),
        last_(options.after_sequence),
        pause_(options.first_pause) {}

  absl::Status Run() {
    while (true) {
      const absl::Status broken = ReadStream();
      if (ended_ || !apply_error_.ok()) return apply_error_;
      if (client_.cancellation().is_cancelled()) return absl::CancelledError("interrupted");
      if (broken.ok()) {
        // The log may end at or before after_sequence; otherwise the server broke off politely.
        const absl::StatusOr<v1::Job> job = client_.GetJob(name_);
        if (job.ok() && IsTerminal(job->state()) && last_ >= job->last_sequence()) {
          return absl::OkStatus();
        }
        if (!job.ok() && !IsTransient(job.status())) return job.status();
      }
      RETURN_IF_ERROR(WaitBeforeRejoin(broken));
    }
  }

 private:
  // One stream. Sets ended_ after the terminal event and apply_error_ when `apply` refused.
  absl::Status ReadStream() {
    grpc::ClientContext context;
    client_.Prepare(context);
    const Cancellation::Scope scope(&client_.cancellation(), &context);
    v1::WatchJobRequest request;
    request.set_name(name_);
    request.set_after_sequence(last_);
    const auto reader = client_.jobs().WatchJob(&context, request);
    v1::JobEvent event;
    absl::Status refused;
    while (refused.ok() && !ended_ && reader->Read(&event)) {
      lost_since_ = absl::InfiniteFuture();
      refused = Take(event);
    }
    if (ended_ || !refused.ok()) context.TryCancel();
    const absl::Status finished = FromGrpc(reader->Finish());
    return refused.ok() ? finished : refused;
  }

  absl::Status Take(const v1::JobEvent& event) {
    if (event.event_case() == v1::JobEvent::kBookmark) return absl::OkStatus();
    if (event.event_case() == v1::JobEvent::kProgress) return Apply(event);
    if (event.sequence() <= last_) return absl::OkStatus();
    if (event.sequence() != last_ + 1) {
      return Lost(absl::StrCat("the server sent event ", event.sequence(), " of ", name_,
                               " after event ", last_, ", expected ", last_ + 1));
    }
    RETURN_IF_ERROR(Apply(event));
    last_ = event.sequence();
    gaps_ = 0;
    pause_ = options_.first_pause;
    ended_ = event.has_state_changed() && IsTerminal(event.state_changed().to());
    return absl::OkStatus();
  }

  absl::Status Apply(const v1::JobEvent& event) {
    apply_error_ = apply_(event);
    return apply_error_;
  }

  // A gap may be the fault of one stream; the second at the same place is the server's.
  absl::Status Lost(const std::string& message) {
    return ++gaps_ < 2 ? absl::UnavailableError(message) : absl::DataLossError(message);
  }

  absl::Status WaitBeforeRejoin(const absl::Status& broken) {
    if (!broken.ok() && !IsTransient(broken)) return broken;
    const absl::Time now = absl::Now();
    lost_since_ = std::min(lost_since_, now);
    if (now - lost_since_ > options_.patience) {
      return broken.ok() ? absl::UnavailableError(absl::StrCat(
                               "the server keeps ending the events of ", name_, " too early"))
                         : broken;
    }
    if (options_.on_rejoin) options_.on_rejoin(broken);
    const absl::Duration wait = broken.ok() ? pause_ : ErrorOf(broken).retry_after.value_or(pause_);
    pause_ = std::min(2 * pause_, kLongestPause);
    return client_.cancellation().Pause(wait);
  }

  Client& client_;
  const std::string name_;
  const WatchOptions& options_;
  const std::function<absl::Status(const v1::JobEvent&)>& apply_;
  int64_t last_;
  absl::Duration pause_;
  absl::Time lost_since_ = absl::InfiniteFuture();
  int gaps_ = 0;
  bool ended_ = false;
  absl::Status apply_error_;
};

}  // namespace

absl::Status WatchJob(Client& client, const std::string& name, const WatchOptions& options,
                      const std::function<absl::Status(const v1::JobEvent&)>& apply) {
  return Watcher(client, name, options, apply).Run();
}

}  // namespace winnow::client
