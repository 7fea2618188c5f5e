#include "server/rpc/tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "absl/strings/str_cat.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "server/base/file_system.h"
#include "server/base/status.h"

namespace winnow::rpc {
namespace {

constexpr int64_t kMaxPemBytes = int64_t{1} << 20;

template <auto Function>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Function(object);
  }
};
using Bio = std::unique_ptr<BIO, FreeWith<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, FreeWith<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

absl::StatusOr<Bio> Open(const std::string& path, std::string* pem) {
  ASSIGN_OR_RETURN(*pem, server::ReadWholeFile(*server::RealFileSystem(), path, kMaxPemBytes));
  return Bio(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
}

absl::Status Bad(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(path, ": ", what));
}

absl::StatusOr<Certificate> ReadCertificate(const std::string& path) {
  std::string pem;
  ASSIGN_OR_RETURN(const Bio bio, Open(path, &pem));
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) return Bad(path, "expected a certificate in PEM form");
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    return Bad(path, "the certificate has expired");
  }
  return certificate;
}

absl::Status CheckKey(const TlsFiles& files, const Certificate& certificate) {
  std::string pem;
  ASSIGN_OR_RETURN(const Bio bio, Open(files.key, &pem));
  const auto no_password = [](char*, int, int, void*) { return 0; };
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  if (key == nullptr) return Bad(files.key, "expected a private key in PEM form, not encrypted");
  if (X509_check_private_key(certificate.get(), key.get()) == 1) return absl::OkStatus();
  return Bad(files.key, absl::StrCat("is not the key of the certificate ", files.certificate));
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(
    const TlsFiles& files) {
  if (files.certificate.empty()) return grpc::InsecureServerCredentials();
  // gRPC would listen with files that it cannot use, and fail every handshake.
  ASSIGN_OR_RETURN(const Certificate certificate, ReadCertificate(files.certificate));
  RETURN_IF_ERROR(CheckKey(files, certificate));
  if (!files.client_ca.empty()) RETURN_IF_ERROR(ReadCertificate(files.client_ca).status());
  auto provider = std::make_shared<grpc::experimental::FileWatcherCertificateProvider>(
      files.key, files.certificate, files.client_ca, files.refresh_s);
  grpc::experimental::TlsServerCredentialsOptions options(provider);
  options.watch_identity_key_cert_pairs();
  if (files.client_ca.empty()) {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  } else {
    options.watch_root_certs();
    options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace winnow::rpc
