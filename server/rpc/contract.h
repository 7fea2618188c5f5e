// The public services and methods, from their descriptors.
#ifndef WINNOW_SERVER_RPC_CONTRACT_H_
#define WINNOW_SERVER_RPC_CONTRACT_H_

#include <string>
#include <utility>
#include <vector>

namespace winnow::rpc {

// ("winnow.v1.JobService", "GetJob"), service by service.
std::vector<std::pair<std::string, std::string>> ContractMethods();

// "winnow.v1.DatasetService", …
std::vector<std::string> ContractServices();

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_CONTRACT_H_
