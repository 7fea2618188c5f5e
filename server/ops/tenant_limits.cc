#include "server/ops/tenant_limits.h"

#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "server/base/ids.h"
#include "server/base/status.h"
#include "server/ops/whole_number.h"

namespace winnow::ops_http {
namespace {

struct Limit {
  const char* name;
  int64_t TenantLimits::*member;
  int64_t least;
  int64_t most;
};

constexpr Limit kLimits[] = {
    {"queued_jobs", &TenantLimits::queued_jobs, 1, kMaxCount},
    {"running_jobs", &TenantLimits::running_jobs, 0, kMaxCount},
    {"stored_bytes", &TenantLimits::stored_bytes, 0, kMaxBytes},
    {"open_uploads", &TenantLimits::open_uploads, 1, kMaxCount},
    {"watchers", &TenantLimits::watchers, 1, kMaxCount},
    {"requests_per_s", &TenantLimits::requests_per_s, 0, kMaxCount},
};

std::string KnownLimits() {
  return absl::StrJoin(kLimits, ", ", [](std::string* out, const Limit& limit) {
    absl::StrAppend(out, limit.name);
  });
}

// "ads.queued_jobs=50".
struct Entry {
  std::string tenant;
  std::string limit;
  std::string value;
};

absl::StatusOr<Entry> Split(const std::string& text) {
  const size_t dot = text.find('.');
  const size_t equals = dot == std::string::npos ? dot : text.find('=', dot);
  if (equals == std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected TENANT.LIMIT=NUMBER, got \"", text, "\""));
  }
  return Entry{text.substr(0, dot), text.substr(dot + 1, equals - dot - 1),
               text.substr(equals + 1)};
}

absl::Status Take(const Entry& entry, const TenantLimits& standard,
                  std::map<std::string, TenantLimits>* tenants) {
  if (!server::IsValidId(entry.tenant)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tenant \"", entry.tenant, "\" must ", server::kIdRule));
  }
  TenantLimits& limits = tenants->try_emplace(entry.tenant, standard).first->second;
  const absl::Status set = SetTenantLimit(entry.limit, entry.value, &limits);
  if (set.ok()) return set;
  return absl::InvalidArgumentError(
      absl::StrCat(entry.tenant, ".", entry.limit, ": ", std::string(set.message())));
}

}  // namespace

absl::Status SetTenantLimit(const std::string& name, const std::string& text,
                            TenantLimits* limits) {
  for (const Limit& limit : kLimits) {
    if (name != limit.name) continue;
    ASSIGN_OR_RETURN(limits->*limit.member, ParseWholeNumber(text, limit.least, limit.most));
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError("unknown limit; known: " + KnownLimits());
}

absl::StatusOr<std::map<std::string, TenantLimits>> OwnLimits(
    const TenantLimits& standard, const std::vector<std::string>& entries) {
  std::map<std::string, TenantLimits> tenants;
  std::set<std::string> seen;
  std::vector<std::string> problems;
  for (const std::string& text : entries) {
    const absl::StatusOr<Entry> entry = Split(text);
    absl::Status taken = entry.ok() ? Take(*entry, standard, &tenants) : entry.status();
    if (taken.ok() && !seen.insert(absl::StrCat(entry->tenant, ".", entry->limit)).second) {
      taken = absl::InvalidArgumentError(
          absl::StrCat(entry->tenant, ".", entry->limit, ": is given twice"));
    }
    if (!taken.ok()) problems.push_back(std::string(taken.message()));
  }
  if (problems.empty()) return tenants;
  return absl::InvalidArgumentError(absl::StrJoin(problems, "\n"));
}

}  // namespace winnow::ops_http
