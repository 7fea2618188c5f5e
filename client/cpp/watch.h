// A job's events, followed across broken streams without gap or repeat.
#ifndef WINNOW_CLIENT_CPP_WATCH_H_
#define WINNOW_CLIENT_CPP_WATCH_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/cpp/client.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::client {

struct WatchOptions {
  int64_t after_sequence = 0;                            // last durable event that is known already
  absl::Duration patience = absl::Seconds(60);           // without a server, then UNAVAILABLE
  absl::Duration first_pause = absl::Milliseconds(200);  // before the first rejoin; doubles to 5 s
  // Told of a broken stream before each rejoin.
  std::function<void(const absl::Status& why)> on_rejoin;
};

// Calls `apply` with every durable event after after_sequence, in order, each once, and with the
// progress notes between them, until the job has ended; bookmarks are kept to itself. After a
// broken stream it rejoins behind the last event for which `apply` returned OK.
//
// Returns OK after the terminal event, or when the log had already ended at after_sequence; the
// error of `apply`; CANCELLED after client.cancellation(); the service's refusal; DATA_LOSS when
// the server leaves events out.
absl::Status WatchJob(Client& client, const std::string& name, const WatchOptions& options,
                      const std::function<absl::Status(const v1::JobEvent&)>& apply);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_WATCH_H_
