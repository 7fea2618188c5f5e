// The command line as a whole: from arguments to an exit status.
#ifndef WINNOW_CLIENT_CLI_APP_H_
#define WINNOW_CLIENT_CLI_APP_H_

#include <ostream>
#include <string>
#include <vector>

namespace winnow::cli {

// Runs `winnow` with these arguments (without the program's name) and returns its exit status.
// Errors are written to `err`.
int RunMain(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_APP_H_
