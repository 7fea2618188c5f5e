#include "server/rpc/job_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/domain/error.h"
#include "server/domain/filter.h"
#include "server/rpc/caller.h"
#include "server/rpc/create_job.h"
#include "server/rpc/refused.h"
#include "server/rpc/unary.h"

namespace winnow::rpc {
namespace {

constexpr int32_t kDefaultEventPage = 256;

View ViewOf(v1::JobView view, View otherwise) {
  switch (view) {
    case v1::JOB_VIEW_BASIC:
      return View::kBasic;
    case v1::JOB_VIEW_FULL:
      return View::kFull;
    default:
      return otherwise;
  }
}

absl::StatusOr<store::EventLimit> EventPageLimit(int32_t page_size) {
  if (page_size < 0) {
    return domain::InvalidFields({{"page_size", absl::StrCat("must be >= 0, got ", page_size)}});
  }
  store::EventLimit limit;
  limit.max_events = page_size == 0 ? kDefaultEventPage : std::min(page_size, store::kMaxPageSize);
  return limit;
}

}  // namespace

absl::Status JobServiceImpl::Show(const domain::Job& job, View view, v1::Job* response) const {
  std::vector<domain::Attempt> attempts;
  if (view == View::kFull && job.attempt > 0) {
    ASSIGN_OR_RETURN(attempts, deps_.store->ListAttempts(job.name));
  }
  ASSIGN_OR_RETURN(*response, JobToProto(job, view, attempts));
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* JobServiceImpl::CreateJob(grpc::CallbackServerContext* context,
                                                    const v1::CreateJobRequest* request,
                                                    v1::Job* response) {
  return RunUnary(deps_, context, method::kCreateJob,
                  [this, context, request, response](const Caller& caller) -> absl::Status {
                    ASSIGN_OR_RETURN(CreateJobAnswer answer,
                                     rpc::CreateJob(deps_, caller, *request));
                    if (answer.replayed) context->AddInitialMetadata("winnow-replayed", "1");
                    *response = std::move(answer.job);
                    return absl::OkStatus();
                  });
}

grpc::ServerUnaryReactor* JobServiceImpl::GetJob(grpc::CallbackServerContext* context,
                                                 const v1::GetJobRequest* request,
                                                 v1::Job* response) {
  return RunUnary(deps_, context, method::kGetJob,
                  [this, request, response](const Caller& caller) -> absl::Status {
                    ASSIGN_OR_RETURN(const domain::JobName name,
                                     ResolveJob(caller, request->name()));
                    ASSIGN_OR_RETURN(const domain::Job job, deps_.store->GetJob(name));
                    return Show(job, ViewOf(request->view(), View::kFull), response);
                  });
}

grpc::ServerUnaryReactor* JobServiceImpl::ListJobs(grpc::CallbackServerContext* context,
                                                   const v1::ListJobsRequest* request,
                                                   v1::ListJobsResponse* response) {
  return RunUnary(
      deps_, context, method::kListJobs,
      [this, request, response](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const std::string tenant, ResolveParent(caller, request->parent()));
        ASSIGN_OR_RETURN(const domain::Filter filter,
                         domain::ParseFilter(request->filter(), domain::FilterTarget::kJobs));
        ASSIGN_OR_RETURN(
            const store::Page<domain::Job> page,
            deps_.store->ListJobs(tenant, filter, {request->page_size(), request->page_token()}));
        const View view = ViewOf(request->view(), View::kBasic);
        for (const domain::Job& job : page.items) {
          RETURN_IF_ERROR(Show(job, view, response->add_jobs()));
        }
        response->set_next_page_token(page.next_page_token);
        return absl::OkStatus();
      });
}

grpc::ServerUnaryReactor* JobServiceImpl::Act(grpc::CallbackServerContext* context,
                                              const Method& method, const std::string& name,
                                              Action action, v1::Job* response) {
  return RunUnary(deps_, context, method,
                  [this, &name, action, response](const Caller& caller) -> absl::Status {
                    ASSIGN_OR_RETURN(const domain::JobName job, ResolveJob(caller, name));
                    ASSIGN_OR_RETURN(const domain::Job now, (deps_.scheduler->*action)(job, 0));
                    return Show(now, View::kFull, response);
                  });
}

grpc::ServerUnaryReactor* JobServiceImpl::CancelJob(grpc::CallbackServerContext* context,
                                                    const v1::CancelJobRequest* request,
                                                    v1::Job* response) {
  return Act(context, method::kCancelJob, request->name(), &sched::Scheduler::CancelJob, response);
}

grpc::ServerUnaryReactor* JobServiceImpl::StopJob(grpc::CallbackServerContext* context,
                                                  const v1::StopJobRequest* request,
                                                  v1::Job* response) {
  return RunUnary(
      deps_, context, method::kStopJob,
      [this, request, response](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const domain::JobName name, ResolveJob(caller, request->name()));
        absl::StatusOr<domain::Job> job = deps_.scheduler->StopJob(name);
        if (absl::IsFailedPrecondition(job.status())) {
          // What is ending already needs no stop.
          absl::StatusOr<domain::Job> now = deps_.store->GetJob(name);
          if (now.ok() &&
              (domain::IsTerminal(now->state) || now->state == domain::JobState::kCancelling)) {
            job = std::move(now);
          }
        }
        RETURN_IF_ERROR(job.status());
        return Show(*job, View::kFull, response);
      });
}

grpc::ServerUnaryReactor* JobServiceImpl::PauseJob(grpc::CallbackServerContext* context,
                                                   const v1::PauseJobRequest* request,
                                                   v1::Job* response) {
  return Act(context, method::kPauseJob, request->name(), &sched::Scheduler::PauseJob, response);
}

grpc::ServerUnaryReactor* JobServiceImpl::ResumeJob(grpc::CallbackServerContext* context,
                                                    const v1::ResumeJobRequest* request,
                                                    v1::Job* response) {
  return Act(context, method::kResumeJob, request->name(), &sched::Scheduler::ResumeJob, response);
}

grpc::ServerUnaryReactor* JobServiceImpl::DeleteJob(grpc::CallbackServerContext* context,
                                                    const v1::DeleteJobRequest* request,
                                                    google::protobuf::Empty* /*response*/) {
  return RunUnary(
      deps_, context, method::kDeleteJob, [this, request](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const domain::JobName name, ResolveJob(caller, request->name()));
        if (!request->etag().empty()) {
          ASSIGN_OR_RETURN(const domain::Job job, deps_.store->GetJob(name));
          RETURN_IF_ERROR(CheckEtag(request->etag(), job.revision, name.ToString()));
        }
        return deps_.scheduler->DeleteJob(name);
      });
}

grpc::ServerUnaryReactor* JobServiceImpl::ListJobEvents(grpc::CallbackServerContext* context,
                                                        const v1::ListJobEventsRequest* request,
                                                        v1::ListJobEventsResponse* response) {
  return RunUnary(
      deps_, context, method::kListJobEvents,
      [this, request, response](const Caller& caller) -> absl::Status {
        ASSIGN_OR_RETURN(const domain::JobName name, ResolveJob(caller, request->name()));
        ASSIGN_OR_RETURN(const store::EventLimit limit, EventPageLimit(request->page_size()));
        ASSIGN_OR_RETURN(const store::EventPage page,
                         deps_.store->ReadEvents(name, request->after_sequence(), limit));
        for (const domain::JobEvent& event : page.events) {
          ASSIGN_OR_RETURN(*response->add_events(), EventToProto(name, event));
        }
        response->set_last_sequence(page.last_sequence);
        return absl::OkStatus();
      });
}

grpc::ServerWriteReactor<v1::JobEvent>* JobServiceImpl::WatchJob(
    grpc::CallbackServerContext* context, const v1::WatchJobRequest* request) {
  const absl::StatusOr<Caller> caller = Admit(deps_, *context, method::kWatchJob);
  if (!caller.ok()) {
    return Refuse<grpc::ServerWriteReactor<v1::JobEvent>>(deps_, *context, caller.status());
  }
  return watchers_.Start(*caller, context, *request);
}

}  // namespace winnow::rpc
