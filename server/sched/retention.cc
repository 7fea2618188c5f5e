#include "server/sched/retention.h"

#include <set>
#include <string>
#include <vector>

#include "server/base/ids.h"
#include "server/base/log.h"
#include "server/base/status.h"
#include "server/domain/filter.h"

namespace winnow::sched {
namespace {

// A job needs a dataset, and a dataset has a folder.
absl::StatusOr<std::set<std::string>> TenantsWithFolders(server::FileSystem& files,
                                                         const domain::DataDirLayout& layout) {
  std::set<std::string> tenants;
  for (const char* kind : {"/jobs", "/datasets"}) {
    const std::string folder = layout.root() + kind;
    if (!files.Exists(folder)) continue;
    ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(folder));
    for (const std::string& name : names) {
      if (server::IsValidId(name)) tenants.insert(name);
    }
  }
  return tenants;
}

// Names first: a page token would not outlive the deletion of what it points at.
absl::StatusOr<std::vector<domain::JobName>> EndedBefore(absl::Time before,
                                                         const std::string& tenant,
                                                         store::Store& store) {
  domain::Comparison created;
  created.field = domain::FilterField::kCreateTime;
  created.op = domain::FilterOp::kLess;
  created.time = before;
  std::vector<domain::JobName> names;
  store::PageRequest request{kRetentionPage, ""};
  do {
    ASSIGN_OR_RETURN(const store::Page<domain::Job> page,
                     store.ListJobs(tenant, {created}, request));
    for (const domain::Job& job : page.items) {
      if (job.end_time.has_value() && *job.end_time < before) names.push_back(job.name);
    }
    request.page_token = page.next_page_token;
  } while (!request.page_token.empty());
  return names;
}

}  // namespace

absl::StatusOr<int64_t> DeleteJobsEndedBefore(absl::Time before, server::FileSystem& files,
                                              const domain::DataDirLayout& layout,
                                              store::Store& store, Scheduler& scheduler) {
  ASSIGN_OR_RETURN(const std::set<std::string> tenants, TenantsWithFolders(files, layout));
  int64_t deleted = 0;
  for (const std::string& tenant : tenants) {
    ASSIGN_OR_RETURN(const std::vector<domain::JobName> names, EndedBefore(before, tenant, store));
    for (const domain::JobName& name : names) {
      const absl::Status status = scheduler.DeleteJob(name);
      deleted += status.ok();
      if (status.ok() || absl::IsNotFound(status)) continue;
      server::LogWarning("an old job stays",
                         {{"job", name.ToString()}, {"error", status.ToString()}});
    }
  }
  return deleted;
}

}  // namespace winnow::sched
