// The loop over the n-th failure: a scenario runs in a process of its own with its n-th file call
// failing, for n = 1, 2, … until it passes untouched; after each run what it left behind is
// checked.
#ifndef WINNOW_TESTS_FAULTS_FAULT_LOOP_H_
#define WINNOW_TESTS_FAULTS_FAULT_LOOP_H_

#include <functional>
#include <set>
#include <string>

#include "tests/faults/fault_calls.h"

namespace winnow::faults {

// A scenario says with it that something is durable. It survives the death of the process.
using Acknowledge = std::function<void(const std::string& what)>;

struct Scenario {
  // Fills the folder before the watch begins. May be empty.
  std::function<void(const std::string& folder)> prepare;
  // Works in `folder` and acknowledges what has succeeded. Errors are for it to stop at.
  std::function<void(const std::string& folder, const Acknowledge& acknowledge)> run;
  // Checks with gtest's macros that everything in `acknowledged` is there and nothing torn is taken
  // for whole. `died`: the process ended at the call, so leftovers are no fault.
  std::function<void(const std::string& folder, const std::set<std::string>& acknowledged,
                     bool died)>
      check;
  // A failed fsync must end the process (the server's part); otherwise it must be an error (a
  // worker's part: its attempt ends).
  bool sync_is_fatal = false;
};

// How many calls were made to fail. Every failure names the call, the fault and n.
int RunLoop(const Scenario& scenario, Fault fault);

}  // namespace winnow::faults

#endif  // WINNOW_TESTS_FAULTS_FAULT_LOOP_H_
