// What is said of a job in lists and summaries.
#ifndef WINNOW_CLIENT_CLI_JOB_TEXT_H_
#define WINNOW_CLIENT_CLI_JOB_TEXT_H_

#include <string>
#include <vector>

#include "winnow/v1/job.pb.h"

namespace winnow::cli {

// "feature_selection"; "-" when there is none.
std::string TaskName(const v1::JobSpec& spec);

// "sequential_attention", of the resolved spec where there is one; "-" when nothing is known.
std::string SelectorName(const v1::Job& job);

// "RUNNING", "CANCELLING", with "(stopped early)" and the like.
std::string StateText(const v1::Job& job);

// From start to end, or to now; "-" before the start.
std::string DurationText(const v1::Job& job);

std::string JobsTable(const std::vector<v1::Job>& jobs);

// Everything about one job but its events.
std::string JobText(const v1::Job& job);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_JOB_TEXT_H_
