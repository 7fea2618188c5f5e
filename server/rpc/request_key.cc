#include "server/rpc/request_key.h"

#include "absl/strings/str_cat.h"
#include "server/base/ids.h"
#include "server/base/sha256.h"
#include "server/rpc/text.h"

namespace winnow::rpc {
namespace {

constexpr size_t kMaxLabels = 64;
constexpr size_t kMaxLabelBytes = 63;
constexpr size_t kShownBytes = 40;  // of a bad value, in its message

std::string Quoted(const std::string& text) {
  return absl::StrCat("\"", Shorten(text, kShownBytes), "\"");
}

}  // namespace

namespace internal_request_key {

store::RequestKey Make(const std::string& request_id, const std::string& body) {
  return {request_id, server::Sha256Hex(body)};
}

}  // namespace internal_request_key

void CheckOptionalId(const std::string& field, const std::string& id, Violations* violations) {
  if (id.empty() || server::IsValidId(id)) return;
  violations->push_back({field, absl::StrCat("must ", server::kIdRule, "; got ", Quoted(id))});
}

void CheckRequestId(const std::string& request_id, Violations* violations) {
  if (request_id.empty() || server::IsValidRequestId(request_id)) return;
  violations->push_back(
      {"request_id",
       absl::StrCat("must be a UUID such as 123e4567-e89b-42d3-a456-426614174000; got ",
                    Quoted(request_id))});
}

void CheckLabels(const std::string& field,
                 const google::protobuf::Map<std::string, std::string>& labels,
                 Violations* violations) {
  if (labels.size() > kMaxLabels) {
    violations->push_back(
        {field, absl::StrCat("must have at most ", kMaxLabels, " entries, got ", labels.size())});
  }
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  for (const auto& [key, value] : sorted) {
    if (key.empty() || key.size() > kMaxLabelBytes) {
      violations->push_back({field, absl::StrCat("keys must have 1 to ", kMaxLabelBytes,
                                                 " bytes, got ", Quoted(key))});
    }
    if (value.size() > kMaxLabelBytes) {
      violations->push_back(
          {absl::StrCat(field, ".", Shorten(key, kMaxLabelBytes)),
           absl::StrCat("must have at most ", kMaxLabelBytes, " bytes, got ", value.size())});
    }
  }
}

}  // namespace winnow::rpc
