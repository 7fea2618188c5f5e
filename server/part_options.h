// What the settings of winnowd say to each of its parts.
#ifndef WINNOW_SERVER_PART_OPTIONS_H_
#define WINNOW_SERVER_PART_OPTIONS_H_

#include <string>

#include "server/launch/local_process.h"
#include "server/ops/settings.h"
#include "server/rpc/limits.h"
#include "server/sched/scheduler.h"

namespace winnow {

// Quotas of the whole server and of each tenant are among them.
sched::SchedulerOptions SchedulerOptionsOf(const ops_http::Settings& settings);

rpc::Limits LimitsOf(const ops_http::Settings& settings);

// Workers connect back over `socket`, and inherit the cap on oneDNN's instruction set.
launch::LocalProcessOptions LauncherOptionsOf(const ops_http::Settings& settings,
                                              const std::string& socket);

// For the log: "off", "server" or "mutual".
const char* TlsText(const ops_http::Settings& settings);

}  // namespace winnow

#endif  // WINNOW_SERVER_PART_OPTIONS_H_
