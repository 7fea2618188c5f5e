// On CivetWeb, the HTTP server that prometheus-cpp brings. Its Exposer serves metrics alone, so we
// call CivetWeb ourselves.
#include "server/ops/http_server.h"

#include <civetweb.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/status.h"

namespace winnow::ops_http {
namespace {

const char* Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

int OnRequest(mg_connection* connection, void* data) {
  const mg_request_info* info = mg_get_request_info(connection);
  const auto& server = *static_cast<const HttpServer*>(data);
  const std::string method = info->request_method;
  const HttpAnswer answer = server.Handle(method, info->local_uri);
  mg_printf(
      connection,
      "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
      "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
      answer.status, Reason(answer.status), answer.content_type.c_str(), answer.body.size());
  if (method != "HEAD") mg_write(connection, answer.body.data(), answer.body.size());
  return answer.status;
}

int OnLogMessage(const mg_connection* /*connection*/, const char* message) {
  server::LogWarning("http", {{"error", message}});
  return 1;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const server::Endpoint& endpoint,
                                                              HttpRoutes routes) {
  RETURN_IF_ERROR(server::CheckFree(endpoint));
  auto http = std::unique_ptr<HttpServer>(new HttpServer(std::move(routes)));
  const std::string ports = endpoint.ToString();
  // Scrapers are few; a slow one must not hold the only thread.
  const char* options[] = {
      "listening_ports",          ports.c_str(), "num_threads", "4", "request_timeout_ms", "10000",
      "enable_directory_listing", "no",          nullptr};
  mg_callbacks callbacks = {};
  callbacks.log_message = &OnLogMessage;
  http->context_ = mg_start(&callbacks, nullptr, options);
  if (http->context_ == nullptr) {
    return absl::FailedPreconditionError(absl::StrCat("cannot listen on ", ports, " for HTTP"));
  }
  mg_set_request_handler(http->context_, "/", &OnRequest, http.get());
  mg_server_port port = {};
  mg_get_server_ports(http->context_, 1, &port);
  server::Endpoint bound = endpoint;
  bound.port = static_cast<uint16_t>(port.port);
  http->address_ = bound.ToString();
  return http;
}

HttpServer::~HttpServer() {
  if (context_ != nullptr) mg_stop(context_);
}

HttpAnswer HttpServer::Handle(const std::string& method, const std::string& path) const {
  if (method != "GET" && method != "HEAD") return {405, "text/plain; charset=utf-8", "GET only\n"};
  const auto route = routes_.find(path);
  if (route == routes_.end()) return {404, "text/plain; charset=utf-8", "not found\n"};
  return route->second();
}

}  // namespace winnow::ops_http
