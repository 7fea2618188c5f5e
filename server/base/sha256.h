// SHA-256 (FIPS 180-4) through OpenSSL.
#ifndef WINNOW_SERVER_BASE_SHA256_H_
#define WINNOW_SERVER_BASE_SHA256_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "server/base/file_system.h"

struct evp_md_ctx_st;

namespace winnow::server {

// A running hash. THREAD-SAFETY: one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, size_t size);
  // 64 lower-case hexadecimal digits of everything so far. The hash may go on afterwards.
  std::string HexDigest() const;

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

std::string Sha256Hex(const std::string& bytes);

// Reads `path` in pieces of 1 MiB.
absl::StatusOr<std::string> Sha256HexOfFile(FileSystem& files, const std::string& path);

// 64 lower-case hexadecimal digits.
bool IsSha256Hex(const std::string& text);

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_SHA256_H_
