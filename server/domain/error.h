// What the service says when it refuses or fails, as a plain value that travels inside an
// absl::Status.
//
// One carrier: the payload "winnow.v1/error" of the Status holds this struct as JSON text. Code
// between the layers passes Status along untouched; rpc/errors turns it into google.rpc details at
// the border. A Status without the payload is a plain failure: its reason is derived from its code.
#ifndef WINNOW_SERVER_DOMAIN_ERROR_H_
#define WINNOW_SERVER_DOMAIN_ERROR_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/domain/reasons.h"

namespace winnow::domain {

struct FieldViolation {
  std::string field;        // path relative to the request, "spec.training.learning_rate"
  std::string description;  // "must be > 0, got -1"
};

struct Error {
  absl::StatusCode code = absl::StatusCode::kInternal;
  std::string reason;   // one of reasons.h
  std::string message;  // what failed, on which thing, what was expected
  std::string subject;  // resource name, quota or precondition subject; may be empty
  std::vector<FieldViolation> violations;  // INVALID_FIELDS
  std::map<std::string, std::string> metadata;
  std::optional<absl::Duration> retry_after;  // set only when waiting helps
};

// REQUIRES: error.code is not OK.
absl::Status ToStatus(const Error& error);

// REQUIRES: !status.ok().
Error FromStatus(const absl::Status& status);

// JSON text of an error for the store, and back. DATA_LOSS when the text is not one.
std::string EncodeError(const Error& error);
absl::Status DecodeError(const std::string& text, Error* error);

// The usual short forms.
absl::Status MakeError(absl::StatusCode code, const char* reason, const std::string& message,
                       const std::string& subject = "");
absl::Status InvalidFields(std::vector<FieldViolation> violations);
absl::Status JobNotFound(const std::string& name);
absl::Status DatasetNotFound(const std::string& name);

// The reason carried by `status`, or the one that its code implies.
std::string ReasonOf(const absl::Status& status);

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_ERROR_H_
