// Encryption of the public server, and which clients may connect at all.
#ifndef WINNOW_SERVER_RPC_TLS_H_
#define WINNOW_SERVER_RPC_TLS_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "grpcpp/security/server_credentials.h"

namespace winnow::rpc {

// Paths of PEM files.
struct TlsFiles {
  std::string certificate;  // the server's chain, leaf first; empty: no TLS
  std::string key;
  std::string client_ca;    // set: only clients with a certificate of this authority may connect
  unsigned refresh_s = 10;  // how often the files are looked at for a change
};

// Files that are replaced serve new connections within refresh_s seconds; a replacement that cannot
// be read leaves what was. INVALID_ARGUMENT when the certificate or the CA cannot be read, has
// expired, or the key is another certificate's.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_TLS_H_
