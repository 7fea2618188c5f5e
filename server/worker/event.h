// What the kernels report, as messages of the contract.
#ifndef WINNOW_SERVER_WORKER_EVENT_H_
#define WINNOW_SERVER_WORKER_EVENT_H_

#include <string>

#include "kernels/train/run_job.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::worker {

// The stage of a phase by the first part of its name: "select/warmup" is STAGE_SELECT.
v1::Stage StageOf(const std::string& phase);

// Equal events give equal bytes when serialized: no map, no time.
v1::JobEvent EventToProto(const train::JobEvent& event);

v1::Progress ProgressToProto(const train::Progress& progress);

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_EVENT_H_
