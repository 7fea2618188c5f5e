// The parts that all create calls share: ids that callers choose, and what makes a retry safe.
#ifndef WINNOW_SERVER_RPC_REQUEST_KEY_H_
#define WINNOW_SERVER_RPC_REQUEST_KEY_H_

#include <map>
#include <string>
#include <vector>

#include "google/protobuf/map.h"
#include "server/domain/error.h"
#include "server/rpc/convert.h"
#include "server/store/common.h"

namespace winnow::rpc {

using Violations = std::vector<domain::FieldViolation>;

// Empty is allowed: the server then makes an id, or the call is not idempotent.
void CheckOptionalId(const std::string& field, const std::string& id, Violations* violations);
void CheckRequestId(const std::string& request_id, Violations* violations);

// At most 64 labels; keys and values of at most 63 bytes, keys not empty.
void CheckLabels(const std::string& field,
                 const google::protobuf::Map<std::string, std::string>& labels,
                 Violations* violations);

// The hash covers everything of the request but the id itself.
template <typename Request>
store::RequestKey KeyOf(const Request& request);

namespace internal_request_key {
store::RequestKey Make(const std::string& request_id, const std::string& body);
}  // namespace internal_request_key

template <typename Request>
store::RequestKey KeyOf(const Request& request) {
  if (request.request_id().empty()) return {};
  Request body = request;
  body.clear_request_id();
  return internal_request_key::Make(request.request_id(), SerializeStable(body));
}

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_REQUEST_KEY_H_
