#include "server/rpc/contract.h"

#include "google/protobuf/descriptor.h"
#include "winnow/v1/artifact.pb.h"
#include "winnow/v1/dataset.pb.h"
#include "winnow/v1/job_service.pb.h"
#include "winnow/v1/system.pb.h"

namespace winnow::rpc {
namespace {

std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const google::protobuf::FileDescriptor* file :
       {v1::CreateDatasetRequest::descriptor()->file(), v1::CreateJobRequest::descriptor()->file(),
        v1::GetArtifactRequest::descriptor()->file(),
        v1::GetCapabilitiesRequest::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ContractMethods() {
  std::vector<std::pair<std::string, std::string>> methods;
  for (const auto* service : Services()) {
    for (int i = 0; i < service->method_count(); ++i) {
      methods.emplace_back(service->full_name(), service->method(i)->name());
    }
  }
  return methods;
}

std::vector<std::string> ContractServices() {
  std::vector<std::string> names;
  for (const auto* service : Services()) names.push_back(service->full_name());
  return names;
}

}  // namespace winnow::rpc
