// Following a job to its end, in the form that the output can take.
#ifndef WINNOW_CLIENT_CLI_FOLLOW_H_
#define WINNOW_CLIENT_CLI_FOLLOW_H_

#include <cstdint>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/context.h"
#include "client/cpp/client.h"

namespace winnow::cli {

struct FollowOptions {
  int64_t after_sequence = 0;
  bool json = false;   // events and progress notes as protobuf JSON, one a line
  bool quiet = false;  // nothing
};

// Writes the job's events to `stream` until the job has ended: as JSON lines, as a live display
// where `stream` is a terminal, else one line per durable event. Broken streams are rejoined, which
// `err` is told of. Returns the job as it ended. CANCELLED when client.cancellation() came first.
absl::StatusOr<v1::Job> FollowJob(client::Client& client, const std::string& name,
                                  const FollowOptions& options, std::ostream& stream,
                                  std::ostream& err);

// Says on context.err why a job ended without a result; nothing when it has one. Gives the exit
// status.
int ReportEnd(const Context& context, const v1::Job& job);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_FOLLOW_H_
