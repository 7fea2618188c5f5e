#include "server/domain/dataset.h"

namespace winnow::domain {

bool CanTransition(DatasetState from, DatasetState to) {
  switch (from) {
    case DatasetState::kUploading:
      return to == DatasetState::kImporting || to == DatasetState::kFailed;
    case DatasetState::kImporting:
      return to == DatasetState::kActive || to == DatasetState::kFailed;
    case DatasetState::kActive:
    case DatasetState::kFailed:
      return false;
  }
  return false;
}

const char* DatasetStateName(DatasetState state) {
  switch (state) {
    case DatasetState::kUploading:
      return "UPLOADING";
    case DatasetState::kImporting:
      return "IMPORTING";
    case DatasetState::kActive:
      return "ACTIVE";
    case DatasetState::kFailed:
      return "FAILED";
  }
  return "UNSPECIFIED";
}

std::optional<DatasetState> ParseDatasetState(const std::string& name) {
  const std::string bare = name.rfind("STATE_", 0) == 0 ? name.substr(6) : name;
  for (const DatasetState state : kDatasetStates) {
    if (bare == DatasetStateName(state)) return state;
  }
  return std::nullopt;
}

}  // namespace winnow::domain
