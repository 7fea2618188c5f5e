#include "server/rpc/profile_text.h"

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "server/domain/error.h"

namespace winnow::rpc {

absl::StatusOr<DatasetProfile> ParseProfile(const domain::Dataset& dataset) {
  const auto json = nlohmann::json::parse(dataset.profile, nullptr, /*allow_exceptions=*/false);
  absl::Status status = absl::InvalidArgumentError("it is not JSON");
  if (!json.is_discarded()) {
    absl::StatusOr<DatasetProfile> profile = DatasetProfileFromJson(json);
    if (profile.ok()) return profile;
    status = profile.status();
  }
  return domain::MakeError(absl::StatusCode::kDataLoss, domain::reason::kDataCorrupt,
                           absl::StrCat("the stored profile of ", dataset.name.ToString(),
                                        " cannot be read: ", std::string(status.message())),
                           dataset.name.ToString());
}

}  // namespace winnow::rpc
