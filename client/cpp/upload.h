// Uploads: declared with size and SHA-256, sent in checked chunks, resumed from what the server has
// on disk.
#ifndef WINNOW_CLIENT_CPP_UPLOAD_H_
#define WINNOW_CLIENT_CPP_UPLOAD_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/cpp/client.h"
#include "winnow/v1/dataset.pb.h"

namespace winnow::client {

// The file as CreateDataset wants it. Reads it once for its SHA-256. NOT_FOUND, PERMISSION_DENIED
// or INVALID_ARGUMENT (a folder, an empty file) with the path.
absl::StatusOr<v1::DatasetFile> DeclareFile(const std::string& path, v1::DatasetFile::Role role);

struct UploadOptions {
  int max_resumes = 8;                                   // in a row without progress
  absl::Duration first_pause = absl::Milliseconds(100);  // before the first resume; doubles to 5 s
  std::function<void(int64_t sent_bytes)> progress;
};

// Sends file `index` of the dataset. A broken stream, a chunk that arrived damaged or an offset
// that is not the server's go on from the committed size. Returns the server's refusal, or the last
// failure when there was no progress for max_resumes resumes.
absl::Status UploadFile(Client& client, const std::string& dataset, int index,
                        const std::string& path, const UploadOptions& options);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_UPLOAD_H_
