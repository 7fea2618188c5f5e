// The connection to a server, with the settings that the service asks of its clients.
#ifndef WINNOW_CLIENT_CPP_CHANNEL_H_
#define WINNOW_CLIENT_CPP_CHANNEL_H_

#include <memory>
#include <string>

#include "grpcpp/channel.h"

namespace winnow::client {

struct ChannelOptions {
  std::string address = "localhost:7070";  // host:port, or unix:/path
  // PEM texts. Any of them turns TLS on; without `ca` the system's authorities are trusted.
  std::string ca;
  std::string certificate;
  std::string key;
};

// Whether a secret may be sent: the connection is encrypted, or never leaves this machine.
bool IsPrivate(const ChannelOptions& options);

// Does not wait for the connection: the first call does. Calls that are safe to repeat are retried
// while the server is unavailable, four tries in all within about two seconds.
std::shared_ptr<grpc::Channel> MakeChannel(const ChannelOptions& options);

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_CHANNEL_H_
