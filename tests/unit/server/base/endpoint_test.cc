#include "server/base/endpoint.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "server/base/unique_fd.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace winnow::server {
namespace {

using absl::StatusCode;
using test::IsOkAndHolds;
using test::StatusIs;
using testing::HasSubstr;

TEST(EndpointTest, GoodOnesReadAsTheyWereWritten) {
  for (const char* text : {"127.0.0.1:7070", "localhost:0", "[::1]:65535", "unix:/run/w.sock"}) {
    ASSERT_OK_AND_ASSIGN(const Endpoint endpoint, ParseEndpoint(text));
    EXPECT_EQ(endpoint.ToString(), text);
  }
  EXPECT_EQ(ParseEndpoint("unix:///run/w.sock")->path, "/run/w.sock");
  EXPECT_EQ(ParseEndpoint("[::1]:5")->host, "::1");
}

TEST(EndpointTest, BadOnesSayWhatWasExpected) {
  for (const char* text : {"", "7070", ":7070", "host:", "host:x", "host:70000", "unix:", "[]:1"}) {
    EXPECT_THAT(ParseEndpoint(text), StatusIs(StatusCode::kInvalidArgument, HasSubstr("HOST:PORT")))
        << text;
  }
  EXPECT_THAT(ParseEndpoint("::1:7070"),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("brackets")));
  EXPECT_THAT(ParseEndpoint("unix:/" + std::string(107, 'x')),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("at most 107")));
  EXPECT_OK(ParseEndpoint("unix:/" + std::string(106, 'x')));
}

TEST(EndpointTest, WhoCanReachIt) {
  const auto local = [](const char* text) { return IsLocalOnly(*ParseEndpoint(text)); };
  EXPECT_THAT(local("127.0.0.1:1"), IsOkAndHolds(true));
  EXPECT_THAT(local("127.9.9.9:1"), IsOkAndHolds(true));
  EXPECT_THAT(local("[::1]:1"), IsOkAndHolds(true));
  EXPECT_THAT(local("localhost:1"), IsOkAndHolds(true));
  EXPECT_THAT(local("unix:/x"), IsOkAndHolds(true));
  EXPECT_THAT(local("0.0.0.0:1"), IsOkAndHolds(false));
  EXPECT_THAT(local("[::]:1"), IsOkAndHolds(false));
  EXPECT_THAT(local("192.0.2.1:1"), IsOkAndHolds(false));
}

TEST(EndpointTest, APortInUseIsNotFree) {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  ASSERT_EQ(::listen(fd.get(), 1), 0);
  socklen_t size = sizeof(address);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  const std::string text = absl::StrCat("127.0.0.1:", ntohs(address.sin_port));
  EXPECT_THAT(
      CheckFree(*ParseEndpoint(text)),
      StatusIs(StatusCode::kFailedPrecondition, AllOf(HasSubstr(text), HasSubstr("in use"))));
  EXPECT_OK(CheckFree(*ParseEndpoint("127.0.0.1:0")));
}

TEST(EndpointTest, AUnixSocketIsFreeOnceNobodyListens) {
  test::TempDir dir;
  const Endpoint endpoint = *ParseEndpoint("unix:" + dir.File("s"));
  EXPECT_OK(CheckFree(endpoint));
  {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, endpoint.path.c_str());
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    ASSERT_EQ(::listen(fd.get(), 1), 0);
    EXPECT_THAT(CheckFree(endpoint),
                StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another process listens")));
  }
  EXPECT_OK(CheckFree(endpoint));  // the file is there, its owner is gone
}

}  // namespace
}  // namespace winnow::server
