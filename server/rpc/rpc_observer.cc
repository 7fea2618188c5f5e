#include "server/rpc/rpc_observer.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace winnow::rpc {
namespace {

using grpc::experimental::InterceptionHookPoints;
using grpc::experimental::InterceptorBatchMethods;
using grpc::experimental::ServerRpcInfo;

// One call. gRPC runs the hooks of a call one after the other.
class Observer final : public grpc::experimental::Interceptor {
 public:
  Observer(const server::Clock* clock, server::Telemetry* telemetry, const ServerRpcInfo& info)
      : clock_(*clock),
        telemetry_(*telemetry),
        streaming_(info.type() != ServerRpcInfo::Type::UNARY) {
    // "/package.Service/Method"
    const std::string path = info.method();
    const size_t slash = path.rfind('/');
    service_ = path.substr(1, slash - 1);
    method_ = path.substr(slash + 1);
  }

  void Intercept(InterceptorBatchMethods* methods) override {
    const auto at = [methods](InterceptionHookPoints point) {
      return methods->QueryInterceptionHookPoint(point);
    };
    if (at(InterceptionHookPoints::POST_RECV_INITIAL_METADATA)) {
      start_ = clock_.Monotonic();
      telemetry_.OnRpcStarted(service_, method_, streaming_);
    }
    if (streaming_ &&
        (at(InterceptionHookPoints::PRE_SEND_MESSAGE) ||
         (at(InterceptionHookPoints::POST_RECV_MESSAGE) && methods->GetRecvMessage() != nullptr))) {
      telemetry_.OnRpcMessage(service_, method_);
    }
    if (at(InterceptionHookPoints::PRE_SEND_STATUS)) {
      telemetry_.OnRpcHandled(service_, method_, CodeName(methods->GetSendStatus().error_code()),
                              streaming_, clock_.Monotonic() - start_);
    }
    methods->Proceed();
  }

 private:
  const server::Clock& clock_;
  server::Telemetry& telemetry_;
  const bool streaming_;
  std::string service_;
  std::string method_;
  absl::Duration start_;
};

class ObserverFactory final : public grpc::experimental::ServerInterceptorFactoryInterface {
 public:
  ObserverFactory(const server::Clock* clock, server::Telemetry* telemetry)
      : clock_(clock), telemetry_(telemetry) {}

  grpc::experimental::Interceptor* CreateServerInterceptor(ServerRpcInfo* info) override {
    return new Observer(clock_, telemetry_, *info);
  }

 private:
  const server::Clock* const clock_;
  server::Telemetry* const telemetry_;
};

}  // namespace

std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface> MakeRpcObserver(
    const server::Clock* clock, server::Telemetry* telemetry) {
  return std::make_unique<ObserverFactory>(clock, telemetry);
}

std::string CodeName(int code) {
  const std::string name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
  return name.empty() ? absl::StrCat("CODE_", code) : name;
}

}  // namespace winnow::rpc
