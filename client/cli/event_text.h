// Durable events of a job as one line each.
#ifndef WINNOW_CLIENT_CLI_EVENT_TEXT_H_
#define WINNOW_CLIENT_CLI_EVENT_TEXT_H_

#include <string>

#include "winnow/v1/job_event.pb.h"

namespace winnow::cli {

// "picked 3: education-num, score 0.3120, gain 0.004200"; what a newer server invents is "(unknown
// event)". Without line ends.
std::string EventText(const v1::JobEvent& event);

// The same after its sequence number.
std::string EventLine(const v1::JobEvent& event);

// "select", "retrain", ...
std::string StageName(v1::Stage stage);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_EVENT_TEXT_H_
