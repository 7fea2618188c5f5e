// Texts of strangers made fit for an answer: valid UTF-8 of bounded size.
#ifndef WINNOW_SERVER_RPC_TEXT_H_
#define WINNOW_SERVER_RPC_TEXT_H_

#include <cstddef>
#include <string>

namespace winnow::rpc {

// `text` with every byte that is not part of valid UTF-8 replaced by '?', cut between characters to
// at most `max_bytes`, the last of them "…" when something was cut. REQUIRES: max_bytes >= 3.
std::string Shorten(const std::string& text, size_t max_bytes);

}  // namespace winnow::rpc

#endif  // WINNOW_SERVER_RPC_TEXT_H_
