// Limits of the rpc layer (the table of decisions 32), shown by GetCapabilities.
#ifndef WINNOW_SERVER_RPC_LIMITS_H_
#define WINNOW_SERVER_RPC_LIMITS_H_

#include <cstdint>

#include "absl/time/time.h"

namespace winnow::rpc {

struct Limits {
  int64_t max_receive_message_bytes = int64_t{4} << 20;
  int64_t max_chunk_bytes = int64_t{1} << 20;         // largest frame taken
  int64_t download_chunk_bytes = int64_t{256} << 10;  // frames sent
  int32_t max_watchers_per_job = 16;
  int32_t max_watchers = 1024;
  // Streams of one connection; bounds one client.
  int32_t max_concurrent_streams = 256;
  // Uploaded bytes become durable at least this often.
  int64_t upload_commit_bytes = int64_t{16} << 20;

  absl::Duration progress_interval = absl::Milliseconds(500);  // at least, between two notes
  absl::Duration progress_repeat = absl::Seconds(1);           // at most, while a job runs
  absl::Duration bookmark_interval = absl::Seconds(15);        // when nothing else is sent
  absl::Duration write_timeout = absl::Seconds(60);            // of one message to a watcher
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_LIMITS_H_
