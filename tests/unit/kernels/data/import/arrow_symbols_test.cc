// The pyarrow wheel's libparquet exports a whole OpenSSL of its own
// (deploy/cmake/FindWinnowArrow.cmake). Here gRPC and Parquet share a process, as in the worker:
// its OpenSSL must be the system's, all of it.
#include <dlfcn.h>
#include <parquet/properties.h>

#include <string>

#include "gmock/gmock.h"
#include "grpcpp/grpcpp.h"
#include "gtest/gtest.h"

namespace winnow::data {
namespace {

using ::testing::HasSubstr;

// The file of the library that a look-up of `symbol` in the whole process finds first.
std::string LibraryOf(const char* symbol) {
  Dl_info info = {};
  void* address = ::dlsym(RTLD_DEFAULT, symbol);
  if (address == nullptr || ::dladdr(address, &info) == 0) return "none";
  return info.dli_fname;
}

TEST(ArrowSymbolsTest, OpenSslIsTheSystemsBesideParquetAndGrpc) {
  // So that both libraries are really in this program.
  ASSERT_NE(parquet::default_writer_properties(), nullptr);
  ASSERT_NE(grpc::Version(), "");

  for (const char* symbol : {"CRYPTO_malloc", "EVP_CIPHER_CTX_new", "X509_new", "ERR_new"}) {
    EXPECT_THAT(LibraryOf(symbol), HasSubstr("libcrypto.so")) << symbol;
  }
  for (const char* symbol : {"SSL_new", "SSL_CTX_new"}) {
    EXPECT_THAT(LibraryOf(symbol), HasSubstr("libssl.so")) << symbol;
  }
}

}  // namespace
}  // namespace winnow::data
