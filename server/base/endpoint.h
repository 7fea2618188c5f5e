// Where a server listens: HOST:PORT or unix:PATH.
#ifndef WINNOW_SERVER_BASE_ENDPOINT_H_
#define WINNOW_SERVER_BASE_ENDPOINT_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace winnow::server {

struct Endpoint {
  std::string path;  // of a Unix socket; empty for TCP
  std::string host;  // name or number, IPv6 without brackets
  uint16_t port = 0;

  bool is_unix() const { return !path.empty(); }
  // As it was given: "127.0.0.1:7070", "[::1]:7070", "unix:/run/winnow.sock".
  std::string ToString() const;
};

// INVALID_ARGUMENT says what was expected.
absl::StatusOr<Endpoint> ParseEndpoint(const std::string& text);

// Longest path that fits into sockaddr_un (108 bytes with the final zero).
inline constexpr size_t kMaxSocketPathBytes = 107;

// Whether only this machine reaches it: a Unix socket, or a host all of whose addresses are
// loopback. INVALID_ARGUMENT when the host is not known.
absl::StatusOr<bool> IsLocalOnly(const Endpoint& endpoint);

// Whether nobody listens there. FAILED_PRECONDITION names the endpoint: another process listens, or
// the address may not be used. gRPC on its own would take part of a host's addresses, or a living
// server's Unix socket, without a word. Leaves nothing behind.
absl::Status CheckFree(const Endpoint& endpoint);

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_ENDPOINT_H_
