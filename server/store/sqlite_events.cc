// The event log of a job: append and read.
#include <optional>

#include "absl/strings/str_cat.h"
#include "server/domain/error.h"
#include "server/domain/event.h"
#include "server/store/job_rows.h"
#include "server/store/sqlite_store_impl.h"

namespace winnow::store {
namespace {

using domain::EventKind;
using domain::JobEvent;
using domain::JobName;
using domain::WorkerEvent;

absl::Status OrdinalError(const JobName& name, const std::string& what) {
  return domain::MakeError(absl::StatusCode::kInternal, domain::reason::kEventMismatch,
                           absl::StrCat("job ", name.ToString(), ": ", what), name.ToString());
}

absl::Status RequireSameBytes(Database& database, const JobRow& row, int64_t ordinal,
                              const std::string& payload) {
  ASSIGN_OR_RETURN(Statement s, database.Prepare("SELECT payload, attempt FROM event "
                                                 "WHERE job_id = ?1 AND ordinal = ?2"));
  s.Bind(1, row.job.order);
  s.Bind(2, ordinal);
  ASSIGN_OR_RETURN(const bool found, s.Step());
  if (found && s.Text(0) == payload) return absl::OkStatus();
  return OrdinalError(row.job.name,
                      absl::StrCat("event ", ordinal, " of attempt ", row.job.attempt,
                                   " differs from the one that attempt ", s.Integer(1),
                                   " reported; a resumed run must repeat it byte for byte"));
}

// True: stored. False: it was there.
absl::StatusOr<bool> AppendOne(Database& database, JobRow& row, const WorkerEvent& event,
                               absl::Time now) {
  if (event.ordinal.has_value()) {
    if (*event.ordinal >= 1 && *event.ordinal <= row.last_ordinal) {
      RETURN_IF_ERROR(RequireSameBytes(database, row, *event.ordinal, event.payload));
      return false;
    }
    if (*event.ordinal != row.last_ordinal + 1) {
      return OrdinalError(row.job.name, absl::StrCat("event ", *event.ordinal, " came when ",
                                                     row.last_ordinal + 1, " was expected"));
    }
    row.last_ordinal = *event.ordinal;
  }
  RETURN_IF_ERROR(
      AppendEvent(database, row, now, EventKind::kWorker, event.ordinal, event.payload));
  return true;
}

absl::StatusOr<JobEvent> ReadEvent(const Statement& s) {
  JobEvent event;
  event.sequence = s.Integer(0);
  event.time = s.Time(1);
  event.attempt = static_cast<int32_t>(s.Integer(2));
  event.kind = static_cast<EventKind>(s.Integer(3));
  event.ordinal = s.MaybeInteger(4);
  const std::string payload = s.Text(5);
  switch (event.kind) {
    case EventKind::kWorker:
      event.payload = payload;
      break;
    case EventKind::kStateChanged:
      event.state_change.emplace();
      RETURN_IF_ERROR(domain::DecodeStateChange(payload, &*event.state_change));
      break;
    case EventKind::kAttemptStarted:
      event.attempt_started.emplace();
      RETURN_IF_ERROR(domain::DecodeAttemptStarted(payload, &*event.attempt_started));
      break;
  }
  return event;
}

absl::Status SequenceAhead(const domain::Job& job, int64_t after_sequence) {
  domain::Error error;
  error.code = absl::StatusCode::kOutOfRange;
  error.reason = domain::reason::kSequenceAhead;
  error.subject = job.name.ToString();
  error.message = absl::StrCat("job ", job.name.ToString(), " has events up to ", job.last_sequence,
                               "; after_sequence is ", after_sequence);
  error.metadata["lastSequence"] = absl::StrCat(job.last_sequence);
  return domain::ToStatus(error);
}

absl::StatusOr<EventPage> ReadPage(Database& database, const JobName& name, int64_t after_sequence,
                                   const EventLimit& limit) {
  ASSIGN_OR_RETURN(const JobRow row, LoadJob(database, name));
  if (after_sequence < 0) {
    return domain::InvalidFields(
        {{"after_sequence", absl::StrCat("must be >= 0, got ", after_sequence)}});
  }
  if (after_sequence > row.job.last_sequence) return SequenceAhead(row.job, after_sequence);
  EventPage page;
  page.last_sequence = row.job.last_sequence;
  page.state = row.job.state;
  ASSIGN_OR_RETURN(Statement s,
                   database.Prepare("SELECT sequence, time_us, attempt, kind, ordinal, payload "
                                    "FROM event WHERE job_id = ?1 AND sequence > ?2 "
                                    "ORDER BY sequence LIMIT ?3"));
  s.Bind(1, row.job.order);
  s.Bind(2, after_sequence);
  s.Bind(3, int64_t{limit.max_events});
  int64_t bytes = 0;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, s.Step());
    if (!more) return page;
    ASSIGN_OR_RETURN(JobEvent event, ReadEvent(s));
    bytes += static_cast<int64_t>(event.payload.size());
    if (!page.events.empty() && bytes > limit.max_bytes) return page;
    page.events.push_back(std::move(event));
  }
}

}  // namespace

absl::StatusOr<AppendResult> SqliteStore::AppendEvents(const JobName& name, int32_t attempt,
                                                       const std::vector<WorkerEvent>& events) {
  return Write<AppendResult>(
      name.ToString(), [&](Database& database) -> absl::StatusOr<AppendResult> {
        ASSIGN_OR_RETURN(JobRow row, LoadFencedJob(database, name, attempt));
        AppendResult result;
        for (const WorkerEvent& event : events) {
          ASSIGN_OR_RETURN(const bool stored, AppendOne(database, row, event, Now()));
          ++(stored ? result.stored : result.ignored);
        }
        if (result.stored > 0) RETURN_IF_ERROR(UpdateHead(database, row, Now()));
        result.last_sequence = row.job.last_sequence;
        return result;
      });
}

absl::StatusOr<EventPage> SqliteStore::ReadEvents(const JobName& name, int64_t after_sequence,
                                                  const EventLimit& limit) {
  return Read<EventPage>(
      [&](Database& database) { return ReadPage(database, name, after_sequence, limit); });
}

}  // namespace winnow::store
