// SHA-256, the identity of uploaded files and artifacts.
#ifndef WINNOW_CLIENT_CPP_SHA256_H_
#define WINNOW_CLIENT_CPP_SHA256_H_

#include <cstddef>
#include <memory>
#include <string>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace winnow::client {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, size_t size);
  // Lower-case hex. REQUIRES: called once, last.
  std::string HexDigest();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

}  // namespace winnow::client

#endif  // WINNOW_CLIENT_CPP_SHA256_H_
