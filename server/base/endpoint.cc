#include "server/base/endpoint.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "server/base/status.h"
#include "server/base/unique_fd.h"

namespace winnow::server {
namespace {

constexpr char kUnix[] = "unix:";

struct FreeAddresses {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

absl::Status Expected(const std::string& text) {
  return absl::InvalidArgumentError(
      absl::StrCat("expected HOST:PORT or unix:PATH, got \"", text, "\""));
}

absl::StatusOr<Addresses> Resolve(const Endpoint& endpoint) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error =
      ::getaddrinfo(endpoint.host.c_str(), absl::StrCat(endpoint.port).c_str(), &hints, &list);
  if (error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(endpoint.ToString(), ": ", ::gai_strerror(error)));
  }
  return Addresses(list);
}

bool IsLoopback(const addrinfo& address) {
  if (address.ai_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address.ai_addr);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;  // 127.0.0.0/8, RFC 1122 3.2.1.3
  }
  if (address.ai_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(address.ai_addr);
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
  }
  return false;
}

absl::Status InUse(const Endpoint& endpoint, const std::string& why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot listen on ", endpoint.ToString(), ": ", why));
}

absl::Status CheckUnixFree(const Endpoint& endpoint) {
  const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, endpoint.path.c_str(), endpoint.path.size() + 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(fd.get(), generic, sizeof(address)) == 0) {
    return InUse(endpoint, "another process listens there");
  }
  // A refused connection is a dead server's socket, which gRPC replaces.
  if (errno == ECONNREFUSED || errno == ENOENT) return absl::OkStatus();
  return InUse(endpoint, std::strerror(errno));
}

absl::Status CheckTcpFree(const Endpoint& endpoint, const addrinfo& address) {
  const UniqueFd fd(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.is_open()) return absl::OkStatus();  // no IPv6 on this machine: gRPC passes it over too
  // As gRPC does: connections of a dead server that linger in TIME_WAIT are no hindrance.
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (address.ai_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  }
  if (::bind(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return absl::OkStatus();
  if (errno == EADDRNOTAVAIL && address.ai_next != nullptr) return absl::OkStatus();
  return InUse(endpoint, errno == EADDRINUSE ? "the address is in use" : std::strerror(errno));
}

}  // namespace

std::string Endpoint::ToString() const {
  if (is_unix()) return kUnix + path;
  const bool is_v6 = host.find(':') != std::string::npos;
  return absl::StrCat(is_v6 ? "[" : "", host, is_v6 ? "]" : "", ":", port);
}

absl::StatusOr<Endpoint> ParseEndpoint(const std::string& text) {
  Endpoint endpoint;
  if (text.rfind(kUnix, 0) == 0) {
    endpoint.path = text.substr(sizeof(kUnix) - 1);
    if (endpoint.path.rfind("//", 0) == 0)
      endpoint.path.erase(0, 2);  // unix:///path, as gRPC has it
    if (endpoint.path.empty()) return Expected(text);
    if (endpoint.path.size() <= kMaxSocketPathBytes) return endpoint;
    return absl::InvalidArgumentError(absl::StrCat("a Unix socket's path has at most ",
                                                   kMaxSocketPathBytes, " bytes, got ",
                                                   endpoint.path.size(), ": ", endpoint.path));
  }
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return Expected(text);
  endpoint.host = text.substr(0, colon);
  if (endpoint.host.front() == '[' && endpoint.host.back() == ']') {
    endpoint.host = endpoint.host.substr(1, endpoint.host.size() - 2);
  } else if (endpoint.host.find(':') != std::string::npos) {
    return absl::InvalidArgumentError(
        absl::StrCat("an IPv6 address stands in brackets, as [::1]:7070, got \"", text, "\""));
  }
  uint32_t port = 0;
  const std::string digits = text.substr(colon + 1);
  if (endpoint.host.empty() || !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return Expected(text);
  }
  endpoint.port = static_cast<uint16_t>(port);
  return endpoint;
}

absl::StatusOr<bool> IsLocalOnly(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return true;
  ASSIGN_OR_RETURN(const Addresses addresses, Resolve(endpoint));
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    if (!IsLoopback(*a)) return false;
  }
  return true;
}

absl::Status CheckFree(const Endpoint& endpoint) {
  if (endpoint.is_unix()) return CheckUnixFree(endpoint);
  ASSIGN_OR_RETURN(const Addresses addresses, Resolve(endpoint));
  for (const addrinfo* a = addresses.get(); a != nullptr; a = a->ai_next) {
    RETURN_IF_ERROR(CheckTcpFree(endpoint, *a));
  }
  return absl::OkStatus();
}

}  // namespace winnow::server
