// What every command gets: the global options, the two streams, and the way to the server.
#ifndef WINNOW_CLIENT_CLI_CONTEXT_H_
#define WINNOW_CLIENT_CLI_CONTEXT_H_

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "absl/status/statusor.h"
#include "client/cpp/client.h"

namespace winnow::cli {

struct GlobalOptions {
  std::string server = "localhost:7070";
  std::string token_file, ca_file, certificate_file, key_file;
  bool json = false;
  bool quiet = false;
};

struct Context {
  GlobalOptions options;
  std::ostream& out;  // results
  std::ostream& err;  // everything else

  // A client of options.server with the credentials of the options. Does not wait for the server.
  absl::StatusOr<std::unique_ptr<client::Client>> Connect() const;
};

// A parsed command line, ready to run. Gives the exit status, or the error that decides it.
using Action = std::function<absl::StatusOr<int>(Context&)>;

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_CONTEXT_H_
