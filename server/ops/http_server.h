// The plain HTTP side: metrics, liveness, readiness.
#ifndef WINNOW_SERVER_OPS_HTTP_SERVER_H_
#define WINNOW_SERVER_OPS_HTTP_SERVER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/endpoint.h"

struct mg_context;

namespace winnow::ops_http {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

// Exact path -> what GET and HEAD get. Handlers run on several threads at once.
using HttpRoutes = std::map<std::string, std::function<HttpAnswer()>>;

class HttpServer {
 public:
  // FAILED_PRECONDITION when somebody else listens there.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(const server::Endpoint& endpoint,
                                                           HttpRoutes routes);
  // Waits for requests that are under way.
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // "127.0.0.1:7071", with the port that was taken where port 0 was asked for.
  const std::string& address() const { return address_; }

  // For the web server: the answer to a method and path.
  HttpAnswer Handle(const std::string& method, const std::string& path) const;

 private:
  explicit HttpServer(HttpRoutes routes) : routes_(std::move(routes)) {}

  const HttpRoutes routes_;
  mg_context* context_ = nullptr;
  std::string address_;
};

}  // namespace winnow::ops_http

#endif  // WINNOW_SERVER_OPS_HTTP_SERVER_H_
