#include "server/ops/http_server.h"

#include <arpa/inet.h>
#include <prometheus/registry.h>
#include <sys/socket.h>

#include "server/base/unique_fd.h"
#include "server/ops/routes.h"
#include "tests/support/status_matchers.h"

namespace winnow::ops_http {
namespace {

using absl::StatusCode;
using test::StatusIs;
using testing::HasSubstr;
using testing::StartsWith;

// What a server on this port of the loopback interface answers.
std::string Ask(const std::string& address, const std::string& request) {
  const auto endpoint = server::ParseEndpoint(address);
  const server::UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(endpoint->port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) return "";
  ::send(fd.get(), request.data(), request.size(), 0);
  std::string answer;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::recv(fd.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<size_t>(got));
  }
}
std::string Get(const std::string& address, const std::string& path) {
  return Ask(address, "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
}

class HttpServerTest : public testing::Test {
 protected:
  void SetUp() override {
    HttpRoutes routes;
    routes["/here"] = [] { return HttpAnswer{200, "text/plain", "hello\n"}; };
    routes["/sick"] = [] { return HttpAnswer{503, "text/plain", "no\n"}; };
    ASSERT_OK_AND_ASSIGN(const server::Endpoint any, server::ParseEndpoint("127.0.0.1:0"));
    ASSERT_OK_AND_ASSIGN(http_, HttpServer::Start(any, routes));
  }
  std::unique_ptr<HttpServer> http_;
};

TEST_F(HttpServerTest, ServesItsRoutesAndNothingElse) {
  EXPECT_THAT(Get(http_->address(), "/here"), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(Get(http_->address(), "/here"), testing::EndsWith("\r\n\r\nhello\n"));
  EXPECT_THAT(Get(http_->address(), "/sick"), StartsWith("HTTP/1.1 503 Service Unavailable\r\n"));
  EXPECT_THAT(Get(http_->address(), "/nothere"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Get(http_->address(), "/here/below"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(Ask(http_->address(), "POST /here HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"),
              StartsWith("HTTP/1.1 405 "));
  const std::string head =
      Ask(http_->address(), "HEAD /here HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(head, testing::EndsWith("\r\n\r\n"));
}

TEST_F(HttpServerTest, ASecondServerOnThePortFailsAndSaysSo) {
  ASSERT_OK_AND_ASSIGN(const server::Endpoint taken, server::ParseEndpoint(http_->address()));
  EXPECT_THAT(HttpServer::Start(taken, {}).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr(http_->address())));
}

TEST(RoutesTest, LivenessReadinessAndAList) {
  prometheus::Registry registry;
  std::string why = "starting";
  const HttpRoutes routes = MakeRoutes("1.2.3", &registry, nullptr, [&why] { return why; });
  EXPECT_EQ(routes.at("/healthz")().status, 200);
  EXPECT_EQ(routes.at("/readyz")().status, 503);
  EXPECT_EQ(routes.at("/readyz")().body, "starting\n");
  why = "";
  EXPECT_EQ(routes.at("/readyz")().status, 200);
  EXPECT_THAT(routes.at("/")().body, HasSubstr("1.2.3"));
}

}  // namespace
}  // namespace winnow::ops_http
