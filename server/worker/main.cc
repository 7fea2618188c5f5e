// winnow-worker: one process for one attempt of a job, an import or a schema inference. Started by
// winnowd, not by people; everything it does comes with its assignment.
#include <cstdlib>
#include <iostream>
#include <string>

#include "CLI/CLI.hpp"
#include "server/base/instruction_set.h"
#include "server/base/log.h"
#include "server/base/version.h"
#include "server/worker/import_runner.h"
#include "server/worker/job_runner.h"
#include "server/worker/session.h"

namespace {

// The secret stands in the environment, where other users cannot read it, and is removed at once so
// that nothing started from here inherits it.
std::string TakeSecret() {
  const char* value = std::getenv("WINNOW_WORKER_SECRET");
  std::string secret = value == nullptr ? "" : value;
  unsetenv("WINNOW_WORKER_SECRET");
  return secret;
}

int Run(const winnow::worker::SessionOptions& options) {
  auto session = winnow::worker::Session::Attach(options);
  if (!session.ok()) {
    winnow::server::LogError(
        "cannot attach to the server",
        {{"attempt", options.attempt_id}, {"error", session.status().ToString()}});
    return EXIT_FAILURE;
  }
  const auto& assignment = (*session)->assignment();
  winnow::server::LogInfo(
      "attached", {{"attempt", options.attempt_id}, {"isa", winnow::server::InstructionSetName()}});
  switch (assignment.assignment_case()) {
    case winnow::internal::v1::Assignment::kJob:
      winnow::worker::RunJobAttempt(**session);
      break;
    case winnow::internal::v1::Assignment::kDatasetImport:
      winnow::worker::RunImport(**session);
      break;
    case winnow::internal::v1::Assignment::kInfer:
      winnow::worker::RunInference(**session);
      break;
    case winnow::internal::v1::Assignment::ASSIGNMENT_NOT_SET:
      winnow::server::LogError("the server assigned work of a kind this worker does not know");
      return EXIT_FAILURE;
  }
  winnow::server::LogInfo("done", {{"attempt", options.attempt_id}});
  return EXIT_SUCCESS;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs one attempt for winnowd, which starts it.");
  app.set_version_flag("--version", winnow::server::kVersion);
  winnow::worker::SessionOptions options;
  options.version = winnow::server::kVersion;
  app.add_option("--server", options.server, "Address of the server's worker socket")->required();
  app.add_option("--attempt", options.attempt_id, "Attempt to run")->required();
  CLI11_PARSE(app, argc, argv);
  options.secret = TakeSecret();
  return Run(options);
}
