#include "client/cli/context.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/cpp/channel.h"
#include "client/cpp/status_macros.h"

namespace winnow::cli {
namespace {

// Content of the file that an option names; "" for no name.
absl::StatusOr<std::string> ReadOptional(const std::string& option, const std::string& path) {
  if (path.empty()) return std::string();
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (!file || !(text << file.rdbuf())) {
    return absl::InvalidArgumentError(absl::StrCat(
        option, " ", path, ": ", errno != 0 ? std::strerror(errno) : "the file is empty"));
  }
  return text.str();
}

}  // namespace

absl::StatusOr<std::unique_ptr<client::Client>> Context::Connect() const {
  client::ChannelOptions channel;
  channel.address = options.server;
  ASSIGN_OR_RETURN(channel.ca, ReadOptional("--ca", options.ca_file));
  ASSIGN_OR_RETURN(channel.certificate, ReadOptional("--cert", options.certificate_file));
  ASSIGN_OR_RETURN(channel.key, ReadOptional("--key", options.key_file));
  ASSIGN_OR_RETURN(std::string token, ReadOptional("--token-file", options.token_file));
  absl::StripAsciiWhitespace(&token);
  if (!token.empty() && !client::IsPrivate(channel)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--token-file: the token would cross the network to ", options.server,
                     " in plain text; give --ca with the authority of the server's certificate"));
  }
  return std::make_unique<client::Client>(client::MakeChannel(channel), token);
}

}  // namespace winnow::cli
