#include "client/cpp/channel.h"

#include "absl/strings/match.h"
#include "grpc/grpc.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/channel_arguments.h"

namespace winnow::client {
namespace {

// A dead server is noticed within keepalive time + timeout while a call is open; the server allows
// one ping every 30 s.
constexpr int kKeepaliveTimeMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// Of the trailers; the server keeps its error details below 4 KiB.
constexpr int kMaxMetadataBytes = 16 * 1024;
// A dataset of 100,000 columns answers with 6 MB; the limit of 4 MiB is the server's for requests.
constexpr int kMaxReceiveBytes = 64 << 20;
constexpr int kFirstReconnectMs = 100;
constexpr int kLongestReconnectMs = 5'000;

// Create calls are safe to repeat because they carry a request id. Streams rejoin in code that
// knows where they were.
constexpr char kServiceConfig[] = R"({"methodConfig": [{
  "name": [
    {"service": "winnow.v1.JobService", "method": "CreateJob"},
    {"service": "winnow.v1.JobService", "method": "GetJob"},
    {"service": "winnow.v1.JobService", "method": "ListJobs"},
    {"service": "winnow.v1.JobService", "method": "ListJobEvents"},
    {"service": "winnow.v1.DatasetService", "method": "CreateDataset"},
    {"service": "winnow.v1.DatasetService", "method": "GetDataset"},
    {"service": "winnow.v1.DatasetService", "method": "ListDatasets"},
    {"service": "winnow.v1.ArtifactService", "method": "GetArtifact"},
    {"service": "winnow.v1.ArtifactService", "method": "ListArtifacts"},
    {"service": "winnow.v1.SystemService"}],
  "retryPolicy": {"maxAttempts": 4, "initialBackoff": "0.2s", "maxBackoff": "5s",
                  "backoffMultiplier": 2, "retryableStatusCodes": ["UNAVAILABLE"]}}]})";

bool IsLocal(const std::string& address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "localhost:") ||
         absl::StartsWith(address, "127.") || absl::StartsWith(address, "[::1]");
}

bool HasTls(const ChannelOptions& options) {
  return !options.ca.empty() || !options.certificate.empty() || !options.key.empty();
}

}  // namespace

bool IsPrivate(const ChannelOptions& options) {
  return HasTls(options) || IsLocal(options.address);
}

std::shared_ptr<grpc::Channel> MakeChannel(const ChannelOptions& options) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  // The default of 2 would end the pings of a client that only reads, such as a watcher.
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  arguments.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kFirstReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kLongestReconnectMs);
  arguments.SetServiceConfigJSON(kServiceConfig);
  // gRPC sends even loopback addresses through the proxy of the environment.
  if (IsLocal(options.address)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  std::shared_ptr<grpc::ChannelCredentials> credentials = grpc::InsecureChannelCredentials();
  if (HasTls(options)) {
    credentials = grpc::SslCredentials({options.ca, options.key, options.certificate});
  }
  return grpc::CreateCustomChannel(options.address, credentials, arguments);
}

}  // namespace winnow::client
