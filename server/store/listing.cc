#include "server/store/listing.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "server/base/sha256.h"
#include "server/domain/dataset.h"
#include "server/domain/error.h"
#include "server/domain/job_state.h"

namespace winnow::store {
namespace {

using domain::Comparison;
using domain::FilterField;
using domain::FilterOp;
using domain::FilterTarget;

const char* OpSql(FilterOp op) {
  switch (op) {
    case FilterOp::kEqual:
      return " = ";
    case FilterOp::kNotEqual:
      return " <> ";
    case FilterOp::kLess:
      return " < ";
    case FilterOp::kGreater:
      return " > ";
  }
  return " = ";
}

const char* ColumnSql(FilterField field) {
  switch (field) {
    case FilterField::kState:
      return "state";
    case FilterField::kSelector:
      return "selector";
    case FilterField::kTask:
      return "task";
    case FilterField::kDataset:
      return "dataset";
    case FilterField::kCreateTime:
      return "create_us";
    case FilterField::kLabel:
      break;
  }
  return "";
}

// Short enough for a token; long enough that two listings are not mixed up by accident.
std::string Fingerprint(const std::string& scope) { return server::Sha256Hex(scope).substr(0, 16); }

}  // namespace

std::string FilterSql(const domain::Filter& filter, FilterTarget, int first) {
  std::string sql;
  int index = first;
  for (const Comparison& comparison : filter) {
    if (comparison.field == FilterField::kLabel) {
      absl::StrAppend(&sql, " AND coalesce((SELECT value FROM json_each(labels) WHERE key = ?",
                      index++, "), '')");
    } else {
      absl::StrAppend(&sql, " AND ", ColumnSql(comparison.field));
    }
    absl::StrAppend(&sql, OpSql(comparison.op), "?", index++);
  }
  return sql;
}

void BindFilter(const domain::Filter& filter, FilterTarget target, int first,
                Statement& statement) {
  int index = first;
  for (const Comparison& comparison : filter) {
    switch (comparison.field) {
      case FilterField::kLabel:
        statement.Bind(index++, comparison.label_key);
        statement.Bind(index++, comparison.value);
        break;
      case FilterField::kCreateTime:
        statement.Bind(index++, comparison.time);
        break;
      case FilterField::kState:
        // The parser has made sure that the name exists.
        statement.Bind(index++,
                       target == FilterTarget::kJobs
                           ? static_cast<int64_t>(*domain::ParseJobState(comparison.value))
                           : static_cast<int64_t>(*domain::ParseDatasetState(comparison.value)));
        break;
      default:
        statement.Bind(index++, comparison.value);
    }
  }
}

absl::StatusOr<int32_t> PageSize(const PageRequest& page) {
  if (page.page_size < 0) {
    return domain::InvalidFields(
        {{"page_size", absl::StrCat("must be >= 0, got ", page.page_size)}});
  }
  if (page.page_size == 0) return kDefaultPageSize;
  return std::min(page.page_size, kMaxPageSize);
}

std::string MakePageToken(int64_t last_row, const std::string& scope) {
  return absl::WebSafeBase64Escape(absl::StrCat(last_row, ".", Fingerprint(scope)));
}

absl::StatusOr<int64_t> ParsePageToken(const std::string& token, const std::string& scope) {
  if (token.empty()) return std::numeric_limits<int64_t>::max();
  std::string text;
  int64_t row = 0;
  if (absl::WebSafeBase64Unescape(token, &text)) {
    const std::vector<std::string> parts = absl::StrSplit(text, '.');
    if (parts.size() == 2 && absl::SimpleAtoi(parts[0], &row) && parts[1] == Fingerprint(scope)) {
      return row;
    }
  }
  return domain::MakeError(absl::StatusCode::kInvalidArgument, domain::reason::kInvalidPageToken,
                           "page_token: must be the next_page_token of a call with the same "
                           "parent and filter",
                           "page_token");
}

std::string ListingScope(const std::string& what, const std::string& tenant,
                         const domain::Filter& filter) {
  std::string scope = absl::StrCat(what, "\n", tenant);
  for (const Comparison& comparison : filter) {
    absl::StrAppend(&scope, "\n", static_cast<int>(comparison.field), " ", comparison.label_key,
                    " ", static_cast<int>(comparison.op), " ", comparison.value);
  }
  return scope;
}

}  // namespace winnow::store
