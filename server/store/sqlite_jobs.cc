// Creating, reading, listing and deleting jobs.
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/domain/dataset.h"
#include "server/domain/error.h"
#include "server/store/dataset_rows.h"
#include "server/store/job_rows.h"
#include "server/store/listing.h"
#include "server/store/requests.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::Job;
using domain::JobName;
using domain::JobState;

absl::StatusOr<Job> LoadJobByRow(Database& database, int64_t id) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare(SelectJobs() + " WHERE id = ?1"));
  s.Bind(1, id);
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return absl::InternalError(absl::StrCat("store: there is no job row ", id));
  ASSIGN_OR_RETURN(JobRow row, ReadJobRow(s));
  return std::move(row.job);
}

absl::Status RequireDataset(Database& database, const NewJob& job) {
  if (job.config.dataset.empty()) return absl::OkStatus();  // a task on given weights alone
  const domain::DatasetName name{job.name.tenant, job.config.dataset};
  ASSIGN_OR_RETURN(const DatasetRow row, LoadDataset(database, name));
  const domain::Dataset& dataset = row.dataset;
  if (dataset.state != domain::DatasetState::kActive) {
    return domain::MakeError(
        absl::StatusCode::kFailedPrecondition, domain::reason::kDatasetNotReady,
        absl::StrCat("dataset ", name.ToString(), " is ", domain::DatasetStateName(dataset.state),
                     ", ACTIVE was expected"),
        name.ToString());
  }
  if (dataset.table_sha256 != job.config.dataset_sha256) {
    return domain::MakeError(
        absl::StatusCode::kFailedPrecondition, domain::reason::kDatasetGone,
        absl::StrCat("dataset ", name.ToString(), " was replaced while the job was planned"),
        name.ToString());
  }
  return absl::OkStatus();
}

absl::Status RequireParent(Database& database, const NewJob& job) {
  if (job.config.parent_job.empty()) return absl::OkStatus();
  const JobName name{job.name.tenant, job.config.parent_job};
  ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
  if (row.job.state == JobState::kSucceeded) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, domain::reason::kParentNotReady,
      absl::StrCat("parent_job ", name.ToString(), " is ", domain::JobStateName(row.job.state),
                   "; SUCCEEDED was expected"),
      name.ToString());
}

// The first job that still needs `name` to start from, if any.
absl::StatusOr<std::optional<std::string>> FindChild(Database& database, const JobName& name) {
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT job FROM job WHERE tenant = ?1 AND parent_job = ?2 "
                                    "AND parent_job <> '' AND state IN (?3, ?4, ?5, ?6)"));
  s.Bind(1, name.tenant);
  s.Bind(2, name.job);
  s.Bind(3, static_cast<int64_t>(JobState::kPending));
  s.Bind(4, static_cast<int64_t>(JobState::kRunning));
  s.Bind(5, static_cast<int64_t>(JobState::kPaused));
  s.Bind(6, static_cast<int64_t>(JobState::kCancelling));
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (!found) return std::nullopt;
  return s.Text(0);
}

absl::Status RequireDeletable(Database& database, const Job& job) {
  const std::string name = job.name.ToString();
  if (!domain::IsTerminal(job.state)) {
    return domain::MakeError(
        absl::StatusCode::kFailedPrecondition, domain::reason::kJobNotTerminal,
        absl::StrCat("job ", name, " is ", domain::JobStateName(job.state),
                     "; only SUCCEEDED, FAILED and CANCELLED jobs can be deleted"),
        name);
  }
  ASSIGN_OR_RETURN(const std::optional<std::string> child, FindChild(database, job.name));
  if (!child.has_value()) return absl::OkStatus();
  return domain::MakeError(
      absl::StatusCode::kFailedPrecondition, domain::reason::kJobInUse,
      absl::StrCat("job ", name, " is the parent_job of job ", *child, ", which is not finished"),
      name);
}

absl::Status RequireNewJob(Database& database, const JobName& name) {
  const absl::Status status = LoadJob(database, name).status();
  if (absl::IsNotFound(status)) return absl::OkStatus();
  RETURN_IF_ERROR(status);
  return domain::MakeError(absl::StatusCode::kAlreadyExists, domain::reason::kJobExists,
                           absl::StrCat("job ", name.ToString(), " exists already"),
                           name.ToString());
}

absl::StatusOr<Created<Job>> CreateJobRow(Database& database, const NewJob& job,
                                          const RequestKey& request, absl::Time now) {
  ASSIGN_OR_RETURN(const std::optional<int64_t> earlier,
                   FindRequest(database, job.name.tenant, RequestMethod::kCreateJob, request));
  if (earlier.has_value()) {
    ASSIGN_OR_RETURN(Job found, LoadJobByRow(database, *earlier));
    return Created<Job>{std::move(found), true};
  }
  RETURN_IF_ERROR(RequireNewJob(database, job.name));
  RETURN_IF_ERROR(RequireDataset(database, job));
  RETURN_IF_ERROR(RequireParent(database, job));
  JobRow row;
  row.job.name = job.name;
  row.job.config = job.config;
  row.job.create_time = row.job.update_time = now;
  RETURN_IF_ERROR(InsertJob(database, row));
  RETURN_IF_ERROR(AppendEvent(database, row, now, domain::EventKind::kStateChanged, std::nullopt,
                              domain::EncodeStateChange(domain::StateChange{})));
  RETURN_IF_ERROR(UpdateHead(database, row, now));
  RETURN_IF_ERROR(
      InsertRequest(database, job.name.tenant, RequestMethod::kCreateJob, request, row.job.order));
  return Created<Job>{std::move(row.job), false};
}

}  // namespace

absl::StatusOr<Created<Job>> SqliteStore::CreateJob(const NewJob& job, const RequestKey& request) {
  return Write<Created<Job>>(job.name.ToString(), [&](Database& database) {
    return CreateJobRow(database, job, request, Now());
  });
}

absl::StatusOr<Job> SqliteStore::GetJob(const JobName& name) {
  return Read<Job>([&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(JobRow row, LoadJob(database, name));
    return std::move(row.job);
  });
}

absl::StatusOr<Job> SqliteStore::FindJobByRequest(const std::string& tenant,
                                                  const RequestKey& request) {
  return Read<Job>([&](Database& database) -> absl::StatusOr<Job> {
    ASSIGN_OR_RETURN(const std::optional<int64_t> id,
                     FindRequest(database, tenant, RequestMethod::kCreateJob, request));
    if (!id.has_value()) {
      return domain::MakeError(absl::StatusCode::kNotFound, domain::reason::kJobNotFound,
                               absl::StrCat("no job was made by request ", request.request_id));
    }
    return LoadJobByRow(database, *id);
  });
}

absl::StatusOr<Page<Job>> SqliteStore::ListJobs(const std::string& tenant,
                                                const domain::Filter& filter,
                                                const PageRequest& page) {
  const std::string scope = ListingScope("jobs", tenant, filter);
  ASSIGN_OR_RETURN(const int32_t size, PageSize(page));
  ASSIGN_OR_RETURN(const int64_t below, ParsePageToken(page.page_token, scope));
  constexpr auto kTarget = domain::FilterTarget::kJobs;
  return Read<Page<Job>>([&](Database& database) -> absl::StatusOr<Page<Job>> {
    ASSIGN_OR_RETURN(Statement s,
                     database.PrepareOnce(absl::StrCat(
                         SelectJobs(), " WHERE tenant = ?1 AND id < ?2",
                         FilterSql(filter, kTarget, 4), " ORDER BY id DESC LIMIT ?3")));
    s.Bind(1, tenant);
    s.Bind(2, below);
    s.Bind(3, int64_t{size} + 1);
    BindFilter(filter, kTarget, 4, s);
    Page<Job> result;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, s.Step());
      if (!more) return result;
      if (static_cast<int32_t>(result.items.size()) == size) {
        result.next_page_token = MakePageToken(result.items.back().order, scope);
        return result;
      }
      ASSIGN_OR_RETURN(JobRow row, ReadJobRow(s));
      result.items.push_back(std::move(row.job));
    }
  });
}

absl::StatusOr<std::vector<Job>> SqliteStore::ListPendingJobs() {
  return Read<std::vector<Job>>([&](Database& database) -> absl::StatusOr<std::vector<Job>> {
    ASSIGN_OR_RETURN(Statement s, database.Prepare(SelectJobs() + " WHERE state = ?1 ORDER BY id"));
    s.Bind(1, static_cast<int64_t>(JobState::kPending));
    std::vector<Job> jobs;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, s.Step());
      if (!more) return jobs;
      ASSIGN_OR_RETURN(JobRow row, ReadJobRow(s));
      jobs.push_back(std::move(row.job));
    }
  });
}

absl::StatusOr<std::map<JobState, int64_t>> SqliteStore::CountJobs(const std::string& tenant) {
  using Counts = std::map<JobState, int64_t>;
  return Read<Counts>([&](Database& database) -> absl::StatusOr<Counts> {
    ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT state, count(*) FROM job "
                                                   "WHERE ?1 = '' OR tenant = ?1 GROUP BY state"));
    s.Bind(1, tenant);
    Counts counts;
    while (true) {
      ASSIGN_OR_RETURN(const bool more, s.Step());
      if (!more) return counts;
      counts[static_cast<JobState>(s.Integer(0))] = s.Integer(1);
    }
  });
}

absl::Status SqliteStore::DeleteJob(const JobName& name) {
  return Write<bool>(name.ToString(),
                     [&](Database& database) -> absl::StatusOr<bool> {
                       ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
                       RETURN_IF_ERROR(RequireDeletable(database, row.job));
                       ASSIGN_OR_RETURN(Statement s,
                                        database.Prepare("DELETE FROM job WHERE id = ?1"));
                       s.Bind(1, row.job.order);
                       RETURN_IF_ERROR(s.Run());
                       return true;
                     })
      .status();
}

}  // namespace winnow::store
