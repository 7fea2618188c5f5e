// A dataset and its life cycle.
//
//   UPLOADING --> IMPORTING --> ACTIVE
//       |             |
//       +--> FAILED <-+         ACTIVE and FAILED are final; what is no longer wanted is deleted.
#ifndef WINNOW_SERVER_DOMAIN_DATASET_H_
#define WINNOW_SERVER_DOMAIN_DATASET_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "server/domain/error.h"
#include "server/domain/names.h"

namespace winnow::domain {

// Values are stored: never renumbered.
enum class DatasetState {
  kUploading = 1,  // bytes are still missing; local files skip it
  kImporting = 2,  // a worker reads the files
  kActive = 3,     // immutable
  kFailed = 4,
};

inline constexpr std::array<DatasetState, 4> kDatasetStates = {
    DatasetState::kUploading, DatasetState::kImporting, DatasetState::kActive,
    DatasetState::kFailed};

bool CanTransition(DatasetState from, DatasetState to);
const char* DatasetStateName(DatasetState state);
std::optional<DatasetState> ParseDatasetState(const std::string& name);  // with or without STATE_

// One input file: uploaded in pieces, or read where it lies.
struct DatasetFile {
  std::string file_name;             // as the user calls it; for messages
  std::string role;                  // "data", "test", "target"; opaque here
  int64_t size_bytes = 0;            // declared
  std::string sha256;                // declared; empty = not known (local files)
  std::string local_path;            // empty = uploaded
  int64_t committed_size_bytes = 0;  // durable on disk; never falls
  bool complete = false;             // size and SHA-256 verified
};

struct Dataset {
  DatasetName name;
  DatasetState state = DatasetState::kUploading;
  std::vector<DatasetFile> files;
  std::string schema;  // serialized schema as given; opaque here
  std::string
      content_sha256;  // of files and schema, when declared up front: identity for deduplication
  std::map<std::string, std::string> labels;
  int32_t attempt = 0;          // import starts so far
  bool import_running = false;  // an import attempt owns it
  int32_t crashes = 0;
  std::optional<Error> error;  // FAILED
  // Set with ACTIVE.
  std::string profile;       // serialized profile; opaque here
  std::string table_sha256;  // of the packed table; jobs are bound to it
  int64_t table_size_bytes = 0;
  int64_t rows = 0;
  int32_t columns = 0;
  int64_t revision = 1;
  int64_t order = 0;
  absl::Time create_time;
  absl::Time update_time;
  std::optional<absl::Time> active_time;
};

// What an import attempt ended with.
struct ImportEnd {
  enum class Outcome { kSucceeded, kFailed, kCrashed, kInterrupted };
  Outcome outcome = Outcome::kCrashed;
  std::optional<Error> error;
  std::string schema;  // as resolved by the import; replaces the given one when not empty
  std::string profile;
  std::string table_sha256;
  int64_t table_size_bytes = 0;
  int64_t rows = 0;
  int32_t columns = 0;
};

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_DATASET_H_
