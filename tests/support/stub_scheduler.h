// A scheduler that believes every worker and keeps what it was told, for tests and fuzzing of what
// stands before it. What users ask is UNIMPLEMENTED.
#ifndef WINNOW_TESTS_SUPPORT_STUB_SCHEDULER_H_
#define WINNOW_TESTS_SUPPORT_STUB_SCHEDULER_H_

#include <string>
#include <utility>
#include <vector>

#include "server/sched/scheduler.h"

namespace winnow::test {

class StubScheduler : public sched::Scheduler {
 public:
  // What users ask is not asked here.
  absl::StatusOr<store::RecoveryReport> Start() override { return Unused(); }
  void SetControl(sched::AttemptControl*) override {}
  absl::StatusOr<store::Created<domain::Job>> SubmitJob(const store::NewJob&,
                                                        const store::RequestKey&) override {
    return Unused();
  }
  absl::Status CheckJob(const store::NewJob&) override { return Unused(); }
  absl::StatusOr<domain::Job> CancelJob(const domain::JobName&, int64_t) override {
    return Unused();
  }
  absl::StatusOr<domain::Job> StopJob(const domain::JobName&, int64_t) override { return Unused(); }
  absl::StatusOr<domain::Job> PauseJob(const domain::JobName&, int64_t) override {
    return Unused();
  }
  absl::StatusOr<domain::Job> ResumeJob(const domain::JobName&, int64_t) override {
    return Unused();
  }
  absl::Status DeleteJob(const domain::JobName&) override { return Unused(); }
  absl::Status CheckUpload(const std::string&, int64_t) override { return Unused(); }
  absl::StatusOr<domain::Dataset> StartImport(const domain::DatasetName&) override {
    return Unused();
  }
  absl::Status DeleteDataset(const domain::DatasetName&) override { return Unused(); }
  absl::StatusOr<domain::AttemptId> StartInference(const std::string&, const std::string&,
                                                   InferenceDone) override {
    return Unused();
  }
  void CancelInference(const domain::AttemptId&) override {}

  absl::StatusOr<sched::AttachReply> OnAttached(const domain::AttemptId& attempt,
                                                const std::string& /*secret*/) override {
    sched::AttachReply reply;
    reply.attempt = attempt;
    reply.directory = "/data/attempt";
    return reply;
  }
  absl::Status OnHeartbeat(const domain::AttemptId&) override { return absl::OkStatus(); }
  absl::Status OnEvents(const domain::AttemptId&,
                        const std::vector<domain::WorkerEvent>& events) override {
    for (const domain::WorkerEvent& event : events) payloads.push_back(event.payload);
    return absl::OkStatus();
  }
  absl::Status OnCheckpoint(const domain::AttemptId&, const domain::Checkpoint&) override {
    return absl::OkStatus();
  }
  absl::Status OnFinished(const domain::AttemptId&, const domain::AttemptEnd& end) override {
    if (end.error.has_value()) failures.push_back(*end.error);
    return absl::OkStatus();
  }
  absl::Status OnImportFinished(const domain::AttemptId&, const domain::ImportEnd& end) override {
    if (end.error.has_value()) failures.push_back(*end.error);
    return absl::OkStatus();
  }
  absl::Status OnInferenceResult(const domain::AttemptId&,
                                 const absl::StatusOr<std::string>&) override {
    return absl::OkStatus();
  }
  void OnDetached(const domain::AttemptId&) override {}

  void OnExit(const domain::AttemptId&, const domain::ExitInfo&) override {}
  void Tick() override {}
  void StartDrain() override {}
  void KillAll() override {}
  bool IsIdle() override { return true; }
  sched::SchedulerLoad Load() override { return {}; }

  std::vector<std::string> payloads;    // of events
  std::vector<domain::Error> failures;  // of last words

 private:
  static absl::Status Unused() { return absl::UnimplementedError("not asked here"); }
};

}  // namespace winnow::test

#endif  // WINNOW_TESTS_SUPPORT_STUB_SCHEDULER_H_
