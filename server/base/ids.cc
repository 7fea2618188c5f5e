#include "server/base/ids.h"

#include <openssl/crypto.h>
#include <sys/random.h>

#include <array>
#include <cstddef>
#include <cstdlib>

#include "server/base/log.h"

namespace winnow::server {
namespace {

constexpr size_t kMaxIdSize = 63;

bool IsAlphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool IsHex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool HasIdShape(const std::string& id, const char* inner) {
  if (id.empty() || id.size() > kMaxIdSize) return false;
  if (!IsAlphanumeric(id.front()) || !IsAlphanumeric(id.back())) return false;
  const std::string allowed = inner;
  for (const char c : id) {
    if (!IsAlphanumeric(c) && allowed.find(c) == std::string::npos) return false;
  }
  return true;
}

class KernelIdSource final : public IdSource {
 public:
  std::string NewJobId() override {
    std::array<unsigned char, 10> bits;
    Fill(bits.data(), bits.size());
    static constexpr char kDigits[] = "abcdefghijklmnopqrstuvwxyz234567";
    std::string id = "j";
    uint32_t buffer = 0;
    int buffered = 0;
    for (const unsigned char byte : bits) {
      buffer = buffer << 8 | byte;
      buffered += 8;
      while (buffered >= 5) {
        buffered -= 5;
        id += kDigits[buffer >> buffered & 31];
      }
    }
    return id;
  }

  std::string NewSecret() override {
    std::array<unsigned char, 32> bits;
    Fill(bits.data(), bits.size());
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string secret;
    for (const unsigned char byte : bits) {
      secret += kDigits[byte >> 4];
      secret += kDigits[byte & 15];
    }
    return secret;
  }

 private:
  static void Fill(unsigned char* out, size_t size) {
    // Up to 256 bytes getrandom is neither interrupted nor short (getrandom(2)).
    if (::getrandom(out, size, 0) != static_cast<ssize_t>(size)) {
      LogError("the kernel gives no random bytes; the process ends");
      std::abort();
    }
  }
};

}  // namespace

const char kIdRule[] =
    "be 1 to 63 characters of a-z, 0-9 and '-', with a letter or digit first and last";

bool IsValidId(const std::string& id) { return HasIdShape(id, "-"); }

bool IsValidArtifactId(const std::string& id) { return HasIdShape(id, "-._"); }

bool IsValidRequestId(const std::string& id) {
  if (id.size() != 36) return false;
  for (size_t i = 0; i < id.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? id[i] != '-' : !IsHex(id[i])) return false;
  }
  return true;
}

IdSource* SystemIdSource() {
  static KernelIdSource* const source = new KernelIdSource;
  return source;
}

bool EqualSecrets(const std::string& a, const std::string& b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace winnow::server
