// Downloads of artifacts, checked, and resumed from what has arrived.
#ifndef WINNOW_CLIENT_CPP_DOWNLOAD_H_
#define WINNOW_CLIENT_CPP_DOWNLOAD_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cpp/client.h"

namespace winnow::client {

// Content of an artifact (name: see ArtifactName), checked against its SHA-256 where the service
// has one: a file that still grows has none. DATA_LOSS when it differs.
absl::StatusOr<std::string> DownloadText(Client& client, const std::string& name);

// The same into the file `path`, which appears complete or not at all.
absl::Status DownloadFile(Client& client, const std::string& name, const std::string& path);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_DOWNLOAD_H_
