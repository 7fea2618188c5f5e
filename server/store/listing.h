// What the List calls share: filters as SQL, and page tokens.
#ifndef WINNOW_SERVER_STORE_LISTING_H_
#define WINNOW_SERVER_STORE_LISTING_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "server/domain/filter.h"
#include "server/store/common.h"
#include "server/store/database.h"

namespace winnow::store {

// " AND …" for a WHERE clause whose first free parameter is ?first. Values are bound, never pasted.
std::string FilterSql(const domain::Filter& filter, domain::FilterTarget target, int first);
void BindFilter(const domain::Filter& filter, domain::FilterTarget target, int first,
                Statement& statement);

// Rows asked for, after defaults and clamping. INVALID_ARGUMENT INVALID_FIELDS when negative.
absl::StatusOr<int32_t> PageSize(const PageRequest& page);

// A token holds the last row id and a fingerprint of the other arguments (`scope`).
std::string MakePageToken(int64_t last_row, const std::string& scope);
// The row id below which the page begins; the largest number for an empty token.
absl::StatusOr<int64_t> ParsePageToken(const std::string& token, const std::string& scope);

// All that decides which rows a listing has.
std::string ListingScope(const std::string& what, const std::string& tenant,
                         const domain::Filter& filter);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_LISTING_H_
