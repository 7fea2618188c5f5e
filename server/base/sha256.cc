#include "server/base/sha256.h"

#include <openssl/evp.h>

#include <array>
#include <cstdint>
#include <cstdlib>

#include "server/base/log.h"
#include "server/base/status.h"

namespace winnow::server {
namespace {

// These calls fail only without memory or with a broken OpenSSL; there is no way on from either.
void Require(bool ok) {
  if (ok) return;
  LogError("OpenSSL cannot compute SHA-256; the process ends");
  std::abort();
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  Require(context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}

Sha256::~Sha256() = default;

void Sha256::Update(const void* data, size_t size) {
  Require(EVP_DigestUpdate(context_.get(), data, size) == 1);
}

std::string Sha256::HexDigest() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy(EVP_MD_CTX_new());
  std::array<unsigned char, 32> digest;
  Require(copy != nullptr && EVP_MD_CTX_copy_ex(copy.get(), context_.get()) == 1 &&
          EVP_DigestFinal_ex(copy.get(), digest.data(), nullptr) == 1);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string Sha256Hex(const std::string& bytes) {
  Sha256 hash;
  hash.Update(bytes.data(), bytes.size());
  return hash.HexDigest();
}

absl::StatusOr<std::string> Sha256HexOfFile(FileSystem& files, const std::string& path) {
  constexpr size_t kPieceBytes = size_t{1} << 20;
  ASSIGN_OR_RETURN(auto file, files.OpenReadable(path));
  Sha256 hash;
  for (int64_t offset = 0;;) {
    ASSIGN_OR_RETURN(const std::string piece, file->Read(offset, kPieceBytes));
    hash.Update(piece.data(), piece.size());
    if (piece.size() < kPieceBytes) return hash.HexDigest();
    offset += static_cast<int64_t>(piece.size());
  }
}

bool IsSha256Hex(const std::string& text) {
  if (text.size() != 64) return false;
  for (const char c : text) {
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return false;
  }
  return true;
}

}  // namespace winnow::server
