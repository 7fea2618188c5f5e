// Walks every method of the contract by its descriptor: nobody gets in who does not belong.
#include "server/rpc/access.h"

#include <fstream>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "google/protobuf/dynamic_message.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/support/byte_buffer.h"
#include "server/base/sha256.h"
#include "server/rpc/contract.h"
#include "tests/unit/server/rpc/world_testing.h"

namespace winnow::rpc {
namespace {

using auth::Role;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;
namespace reason = domain::reason;

constexpr char kTenant[] = "ads";

std::vector<const MethodDescriptor*> Contract() {
  std::vector<const MethodDescriptor*> methods;
  for (const std::string& name : ContractServices()) {
    const auto* service =
        google::protobuf::DescriptorPool::generated_pool()->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) methods.push_back(service->method(i));
  }
  return methods;
}

const Method* FindRow(const MethodDescriptor& method) {
  for (const Method& row : AllMethods()) {
    if (method.service()->name() == row.service && method.name() == row.name) return &row;
  }
  return nullptr;
}

// The field that holds the resource's name, or the parent's.
const FieldDescriptor* NameField(const Descriptor& request) {
  const FieldDescriptor* name = request.FindFieldByName("name");
  return name != nullptr ? name : request.FindFieldByName("parent");
}

// A name that fits the method, in `tenant`; nothing of that name exists.
std::string SomeName(const MethodDescriptor& method, const std::string& tenant) {
  const std::string root = "tenants/" + tenant;
  const bool is_parent = NameField(*method.input_type())->name() == "parent";
  const std::string service = method.service()->name();
  if (service == "ArtifactService") {
    return root + (is_parent ? "/jobs/none" : "/jobs/none/artifacts/none");
  }
  if (is_parent) return root;
  return root + (service == "JobService" ? "/jobs/none" : "/datasets/none");
}

class AccessTest : public RpcTest {
 protected:
  AccessTest() {
    std::string text;
    for (const Role role : {Role::kReader, Role::kSubmitter, Role::kAdmin}) {
      const auto line = [&](const std::string& token, const std::string& tenant,
                            const std::string& expires) {
        absl::StrAppend(&text, "token ", server::Sha256Hex(token), " ", tenant, " ",
                        auth::RoleName(role), " ", expires, " someone\n");
      };
      line(auth::RoleName(role), kTenant, "never");
      line(absl::StrCat("other-", auth::RoleName(role)), "search", "never");
      line(absl::StrCat("old-", auth::RoleName(role)), kTenant, "2020-01-01T00:00:00Z");
    }
    std::ofstream(dir_.File("credentials")) << text;
    authenticator_ =
        *auth::Authenticator::Load(server::RealFileSystem(), &clock_, dir_.File("credentials"));
  }

  // The status of a call with this header ("" sends none) on a name of `tenant`.
  grpc::Status Call(const MethodDescriptor& method, const std::string& authorization,
                    const std::string& tenant = kTenant) {
    google::protobuf::DynamicMessageFactory factory;
    const std::unique_ptr<Message> request(factory.GetPrototype(method.input_type())->New());
    const FieldDescriptor* name = NameField(*method.input_type());
    if (name != nullptr) {
      request->GetReflection()->SetString(request.get(), name, SomeName(method, tenant));
    }
    const grpc::Slice slice(request->SerializeAsString());
    const grpc::ByteBuffer bytes(&slice, 1);
    grpc::ByteBuffer answer;
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    if (!authorization.empty()) context.AddMetadata("authorization", authorization);
    grpc::GenericStub stub(channel_);
    absl::Notification done;
    grpc::Status status;
    stub.UnaryCall(&context, absl::StrCat("/", method.service()->full_name(), "/", method.name()),
                   {}, &bytes, &answer, [&](grpc::Status ended) {
                     status = std::move(ended);
                     done.Notify();
                   });
    done.WaitForNotification();
    return status;
  }
};

TEST_F(AccessTest, EveryMethodHasARow) {
  EXPECT_EQ(Contract().size(), AllMethods().size());
  for (const MethodDescriptor* method : Contract()) {
    EXPECT_NE(FindRow(*method), nullptr) << method->full_name();
  }
}

TEST_F(AccessTest, NobodyWithoutAGoodCredential) {
  for (const MethodDescriptor* method : Contract()) {
    SCOPED_TRACE(method->full_name());
    const auto expect = [&](const std::string& authorization, const char* reason) {
      EXPECT_THAT(Call(*method, authorization), Refused(grpc::StatusCode::UNAUTHENTICATED, reason))
          << authorization;
    };
    expect("", reason::kTokenMissing);
    expect("Bearer nobody", reason::kTokenInvalid);
    expect("Bearer " + server::Sha256Hex("admin"), reason::kTokenInvalid);
    expect("Basic admin", reason::kTokenInvalid);
    expect("admin", reason::kTokenInvalid);
    expect("Bearer old-admin", reason::kTokenExpired);
  }
}

TEST_F(AccessTest, TooLowARoleIsRefusedAndASufficientOneIsNot) {
  for (const MethodDescriptor* method : Contract()) {
    SCOPED_TRACE(method->full_name());
    for (const Role role : {Role::kReader, Role::kSubmitter, Role::kAdmin}) {
      const grpc::Status status = Call(*method, absl::StrCat("Bearer ", auth::RoleName(role)));
      if (role < FindRow(*method)->least) {
        EXPECT_THAT(status, Refused(grpc::StatusCode::PERMISSION_DENIED, reason::kRoleMissing));
      } else {
        EXPECT_NE(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
        EXPECT_NE(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
      }
    }
  }
}

TEST_F(AccessTest, AnotherTenantsNamesAreRefusedWhetherOrNotTheyExist) {
  for (const MethodDescriptor* method : Contract()) {
    if (NameField(*method->input_type()) == nullptr) continue;
    SCOPED_TRACE(method->full_name());
    EXPECT_THAT(Call(*method, "Bearer other-admin"),
                Refused(grpc::StatusCode::PERMISSION_DENIED, reason::kTenantMismatch));
    EXPECT_THAT(Call(*method, "Bearer admin", "search"),
                Refused(grpc::StatusCode::PERMISSION_DENIED, reason::kTenantMismatch));
  }
}

TEST_F(AccessTest, OnlyGetCapabilitiesHasNoTenant) {
  std::set<std::string> without;
  for (const MethodDescriptor* method : Contract()) {
    if (NameField(*method->input_type()) == nullptr) without.insert(method->name());
  }
  EXPECT_THAT(without, testing::ElementsAre("GetCapabilities"));
}

TEST_F(AccessTest, RevokedTokensStopWorkingWithoutARestart) {
  const MethodDescriptor& list = *v1::ListJobsRequest::descriptor()
                                      ->file()
                                      ->FindServiceByName("JobService")
                                      ->FindMethodByName("ListJobs");
  EXPECT_THAT(Call(list, "Bearer reader"), IsGrpcOk());
  std::ofstream(dir_.File("credentials")) << "";
  ASSERT_OK(authenticator_->Reload());
  EXPECT_THAT(Call(list, "Bearer reader"),
              Refused(grpc::StatusCode::UNAUTHENTICATED, reason::kTokenInvalid));
}

class RateTest : public AccessTest {
 protected:
  RateTest() {
    domain::TenantQuotas quotas;
    quotas.standard.max_requests_per_s = 2;
    quotas.own["search"].max_requests_per_s = 0.5;
    rates_ = std::make_unique<RateLimiter>(&still_, quotas);
  }
  server::FakeClock still_;
};

TEST_F(RateTest, ATenantThatCallsTooOftenIsRefusedAndOthersAreNot) {
  const MethodDescriptor& list = *v1::ListJobsRequest::descriptor()
                                      ->file()
                                      ->FindServiceByName("JobService")
                                      ->FindMethodByName("ListJobs");
  for (int i = 0; i < 4; ++i) EXPECT_THAT(Call(list, "Bearer reader"), IsGrpcOk());
  const grpc::Status refused = Call(list, "Bearer admin");
  EXPECT_THAT(refused, Refused(grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kRequestRate));
  const Refusal refusal = ParseRefusal(refused);
  EXPECT_NEAR(refusal.retry_s, 0.5, 0.01);
  ASSERT_EQ(refusal.quota.violations_size(), 1);
  EXPECT_EQ(refusal.quota.violations(0).subject(), "tenants/ads");
  EXPECT_THAT(Call(list, "Bearer other-reader", "search"), IsGrpcOk());
  // Its own limit is lower, whatever others may.
  const grpc::Status own = Call(list, "Bearer other-reader", "search");
  EXPECT_THAT(own, Refused(grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kRequestRate));
  EXPECT_NEAR(ParseRefusal(own).retry_s, 2, 0.01);
  still_.Advance(absl::Milliseconds(501));
  EXPECT_THAT(Call(list, "Bearer reader"), IsGrpcOk());
  EXPECT_THAT(Call(list, "Bearer reader"),
              Refused(grpc::StatusCode::RESOURCE_EXHAUSTED, reason::kRequestRate));
}

}  // namespace
}  // namespace winnow::rpc
