// SIGTERM, SIGINT and SIGHUP as something to wait for.
#ifndef WINNOW_SERVER_OPS_SIGNALS_H_
#define WINNOW_SERVER_OPS_SIGNALS_H_

#include "absl/time/time.h"

namespace winnow::ops_http {

// Makes the three wait for WaitForSignal instead of ending the process, in this thread and those it
// starts later; ignores SIGPIPE. Call first of all.
void BlockSignals();

// The number of the signal that came; SIGHUP asks to read again what may change.
int WaitForSignal();

// From now on the process ends at once with status 1: at a further signal, or `budget` from now.
void ExitAtNextSignalOrAfter(absl::Duration budget);

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_SIGNALS_H_
