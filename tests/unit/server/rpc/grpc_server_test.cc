#include "server/rpc/grpc_server.h"

#include <fstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/rpc/contract.h"
#include "server/rpc/rpc_observer.h"
#include "tests/unit/server/rpc/world_testing.h"
#include "winnow/v1/system.pb.h"

namespace winnow::rpc {
namespace {

using absl::StatusCode;
using test::StatusIs;
using testing::HasSubstr;
using testing::SizeIs;

// A unary call by its path with bytes: for the health service, whose messages are not public.
grpc::Status CallBytes(const std::shared_ptr<grpc::Channel>& channel, const std::string& path,
                       const std::string& request, std::string* response) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  const grpc::Slice slice(request);
  const grpc::ByteBuffer bytes(&slice, 1);
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, path, bytes, &queue);
  call->StartCall();
  grpc::ByteBuffer answer;
  grpc::Status status;
  call->Finish(&answer, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  grpc::Slice flat;
  if (status.ok() && answer.DumpToSingleSlice(&flat).ok()) {
    response->assign(reinterpret_cast<const char*>(flat.begin()), flat.size());
  }
  return status;
}

// HealthCheckRequest{service = 1}; HealthCheckResponse{status = 1}: 1 SERVING, 2 NOT_SERVING.
int Health(const std::shared_ptr<grpc::Channel>& channel, const std::string& service) {
  std::string request;
  if (!service.empty()) {
    request = absl::StrCat("\x0a", std::string(1, static_cast<char>(service.size())), service);
  }
  std::string response;
  const grpc::Status status =
      CallBytes(channel, "/grpc.health.v1.Health/Check", request, &response);
  if (!status.ok()) return -static_cast<int>(status.error_code());
  return response.size() == 2 ? response[1] : 0;
}

class GrpcServerTest : public RpcTest {};

TEST_F(GrpcServerTest, HealthTellsOfTheServerAndOfEachService) {
  std::vector<std::string> names = ContractServices();
  EXPECT_THAT(names, SizeIs(4));
  names.push_back("");
  for (const std::string& name : names) EXPECT_EQ(Health(channel_, name), 1) << name;
  SetServing(*server_->public_server.server, false);
  for (const std::string& name : names) EXPECT_EQ(Health(channel_, name), 2) << name;
  EXPECT_EQ(Health(channel_, "nobody"), -static_cast<int>(grpc::StatusCode::NOT_FOUND));
}

TEST_F(GrpcServerTest, NotServingUntilRecoveryIsDone) {
  KillServer();
  open_gate_ = false;
  StartServer();
  EXPECT_EQ(Health(channel_, ""), 2);
}

TEST_F(GrpcServerTest, ASecondServerOnThePortFailsAndSaysSo) {
  ASSERT_OK_AND_ASSIGN(const server::Endpoint taken,
                       server::ParseEndpoint(server_->public_server.address));
  EXPECT_THAT(StartPublicServer({taken, limits_, &clock_, &telemetry_}, {}).status(),
              StatusIs(StatusCode::kFailedPrecondition,
                       HasSubstr("cannot listen on " + server_->public_server.address)));
  server::Endpoint by_name = taken;
  by_name.host = "localhost";  // another address of which may be free
  EXPECT_THAT(StartPublicServer({by_name, limits_, &clock_, &telemetry_}, {}).status(),
              StatusIs(StatusCode::kFailedPrecondition));
}

TEST_F(GrpcServerTest, ALivingServersUnixSocketIsNotTakenAndADeadOnesIs) {
  EXPECT_THAT(StartWorkerServer(layout_.WorkerSocket(), server_->services.back().get()).status(),
              StatusIs(StatusCode::kFailedPrecondition, HasSubstr("another process listens")));
  KillServer();
  std::ofstream(layout_.WorkerSocket() + ".probe") << "";
  StartServer();  // on the socket that is left
  v1::Capabilities capabilities;
  grpc::ClientContext context;
  EXPECT_THAT(system_->GetCapabilities(&context, {}, &capabilities), IsGrpcOk());
}

TEST_F(GrpcServerTest, MessagesAboveTheLimitAreRefused) {
  v1::CreateJobRequest request;
  (*request.mutable_job()->mutable_spec()->mutable_labels())["k"] = std::string(5 << 20, 'x');
  v1::Job job;
  EXPECT_EQ(Create(request, &job).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(GrpcServerTest, ReflectionIsServed) {
  std::string response;
  // ServerReflectionInfo is a stream; that it is there shows in the code of a unary call.
  const grpc::Status status = CallBytes(
      channel_, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "", &response);
  EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << status.error_message();
}

TEST_F(GrpcServerTest, EveryCallIsCounted) {
  v1::Job job;
  grpc::ClientContext context;
  v1::GetJobRequest request;
  request.set_name("nobody");
  EXPECT_FALSE(jobs_->GetJob(&context, request, &job).ok());
  EXPECT_EQ(telemetry_.Count("started winnow.v1.JobService/GetJob"), 1);
  EXPECT_EQ(telemetry_.Count("handled GetJob NOT_FOUND"), 1);
  EXPECT_EQ(telemetry_.Count("message GetJob"), 0);
  EXPECT_EQ(CodeName(0), "OK");
  EXPECT_EQ(CodeName(99), "CODE_99");
}

TEST_F(GrpcServerTest, EveryMethodOfTheContractIsImplemented) {
  for (const auto& [service, method] : ContractMethods()) {
    std::string response;
    const grpc::Status status =
        CallBytes(channel_, absl::StrCat("/", service, "/", method), "", &response);
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNIMPLEMENTED) << service << "/" << method;
  }
}

TEST_F(GrpcServerTest, CapabilitiesComeFromTheTables) {
  grpc::ClientContext context;
  v1::Capabilities capabilities;
  ASSERT_THAT(system_->GetCapabilities(&context, {}, &capabilities), IsGrpcOk());
  EXPECT_FALSE(capabilities.version().empty());
  EXPECT_FALSE(capabilities.instruction_set().empty());
  EXPECT_EQ(capabilities.limits().max_receive_message_bytes(), 4 << 20);
  EXPECT_EQ(capabilities.limits().worker_slots(), 2);
  EXPECT_EQ(capabilities.limits().max_error_detail_bytes(), 4096);
  EXPECT_DOUBLE_EQ(capabilities.limits().max_progress_per_s(), 2);
  EXPECT_EQ(capabilities.limits().max_stored_bytes_per_tenant(), 0);  // none
  EXPECT_GT(capabilities.selectors_size(), 5);
  EXPECT_THAT(capabilities.unimplemented_methods(), SizeIs(0));
}

TEST_F(GrpcServerTest, CapabilitiesTellTheCallersOwnLimits) {
  const auto limits = [this] {
    grpc::ClientContext context;
    v1::Capabilities capabilities;
    EXPECT_THAT(system_->GetCapabilities(&context, {}, &capabilities), IsGrpcOk());
    return capabilities.limits();
  };
  options_.tenant_quotas.own["other"] = {1, 1, 1, 1, 1, 1};
  KillServer();
  StartServer();
  EXPECT_EQ(limits().max_pending_jobs_per_tenant(), 1000);
  EXPECT_EQ(limits().max_running_jobs_per_tenant(), 0);  // none
  EXPECT_EQ(limits().max_requests_per_s_per_tenant(), 0);
  options_.tenant_quotas.own["default"] = {7, 2, 1000, 3, 5, 12.5};
  KillServer();
  StartServer();
  EXPECT_EQ(limits().max_pending_jobs_per_tenant(), 7);
  EXPECT_EQ(limits().max_running_jobs_per_tenant(), 2);
  EXPECT_EQ(limits().max_stored_bytes_per_tenant(), 1000);
  EXPECT_EQ(limits().max_open_uploads_per_tenant(), 3);
  EXPECT_EQ(limits().max_watchers_per_tenant(), 5);
  EXPECT_EQ(limits().max_requests_per_s_per_tenant(), 12.5);
  EXPECT_EQ(limits().max_watchers_per_job(), 16);
}

}  // namespace
}  // namespace winnow::rpc
