#include "server/rpc/text.h"

namespace winnow::rpc {
namespace {

constexpr char kEllipsis[] = "…";
constexpr size_t kEllipsisBytes = sizeof(kEllipsis) - 1;

bool IsContinuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// Bytes of the valid character that starts at `at`; 0 when there is none. Overlong forms,
// surrogates and values above U+10FFFF are not valid (RFC 3629, section 4).
size_t CharacterAt(const std::string& text, size_t at) {
  const auto byte = [&text](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return 1;
  const size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + size > text.size()) return 0;
  for (size_t i = 1; i < size; ++i) {
    if (!IsContinuation(byte(at + i))) return 0;
  }
  const unsigned char second = byte(at + 1);
  const bool invalid = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                       (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return invalid ? 0 : size;
}

}  // namespace

std::string Shorten(const std::string& text, size_t max_bytes) {
  std::string out;
  size_t cut = 0;  // where the ellipsis still fits
  for (size_t at = 0; at < text.size();) {
    const size_t size = CharacterAt(text, at);
    const std::string character = size == 0 ? "?" : text.substr(at, size);
    if (out.size() + character.size() > max_bytes) return out.substr(0, cut) + kEllipsis;
    out += character;
    if (out.size() + kEllipsisBytes <= max_bytes) cut = out.size();
    at += size == 0 ? 1 : size;
  }
  return out;
}

}  // namespace winnow::rpc
