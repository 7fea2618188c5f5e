// winnow.v1.JobService over the scheduler and the store.
#ifndef WINNOW_SERVER_RPC_JOB_SERVICE_H_
#define WINNOW_SERVER_RPC_JOB_SERVICE_H_

#include <string>

#include "absl/status/statusor.h"
#include "server/rpc/access.h"
#include "server/rpc/convert.h"
#include "server/rpc/deps.h"
#include "server/rpc/watch_hub.h"
#include "winnow/v1/job_service.grpc.pb.h"

namespace winnow::rpc {

class JobServiceImpl final : public v1::JobService::CallbackService {
 public:
  // OWNERSHIP: both must outlive the service.
  JobServiceImpl(const Deps* deps, WatchHub* watchers) : deps_(*deps), watchers_(*watchers) {}

  grpc::ServerUnaryReactor* CreateJob(grpc::CallbackServerContext* context,
                                      const v1::CreateJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* GetJob(grpc::CallbackServerContext* context,
                                   const v1::GetJobRequest* request, v1::Job* response) override;
  grpc::ServerUnaryReactor* ListJobs(grpc::CallbackServerContext* context,
                                     const v1::ListJobsRequest* request,
                                     v1::ListJobsResponse* response) override;
  grpc::ServerUnaryReactor* CancelJob(grpc::CallbackServerContext* context,
                                      const v1::CancelJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* StopJob(grpc::CallbackServerContext* context,
                                    const v1::StopJobRequest* request, v1::Job* response) override;
  grpc::ServerUnaryReactor* PauseJob(grpc::CallbackServerContext* context,
                                     const v1::PauseJobRequest* request,
                                     v1::Job* response) override;
  grpc::ServerUnaryReactor* ResumeJob(grpc::CallbackServerContext* context,
                                      const v1::ResumeJobRequest* request,
                                      v1::Job* response) override;
  grpc::ServerUnaryReactor* DeleteJob(grpc::CallbackServerContext* context,
                                      const v1::DeleteJobRequest* request,
                                      google::protobuf::Empty* response) override;
  grpc::ServerUnaryReactor* ListJobEvents(grpc::CallbackServerContext* context,
                                          const v1::ListJobEventsRequest* request,
                                          v1::ListJobEventsResponse* response) override;
  grpc::ServerWriteReactor<v1::JobEvent>* WatchJob(grpc::CallbackServerContext* context,
                                                   const v1::WatchJobRequest* request) override;

 private:
  using Action = absl::StatusOr<domain::Job> (sched::Scheduler::*)(const domain::JobName&, int64_t);

  absl::Status Show(const domain::Job& job, View view, v1::Job* response) const;
  // A user's request on one job: resolve the name, act, show the job as it is then.
  grpc::ServerUnaryReactor* Act(grpc::CallbackServerContext* context, const Method& method,
                                const std::string& name, Action action, v1::Job* response);

  const Deps& deps_;
  WatchHub& watchers_;
};

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_JOB_SERVICE_H_
