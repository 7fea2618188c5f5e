// Words that the store's interfaces share.
#ifndef WINNOW_SERVER_STORE_COMMON_H_
#define WINNOW_SERVER_STORE_COMMON_H_

#include <cstdint>
#include <string>
#include <vector>

namespace winnow::store {

// Makes a create call idempotent. Kept in the same transaction as what it created, until 24 h after
// that is final.
struct RequestKey {
  std::string request_id;   // empty = not idempotent
  std::string body_sha256;  // of the request without its id
};

template <typename T>
struct Created {
  T resource;             // as it is now
  bool replayed = false;  // true: an earlier request made it
};

template <typename T>
struct Page {
  std::vector<T> items;
  std::string next_page_token;  // empty = no more
};

// page_size: 0 = 50; more than 1000 is clamped. A token is opaque, carries no authority, and is
// refused (INVALID_ARGUMENT, INVALID_PAGE_TOKEN) when the other arguments differ from those that
// made it.
struct PageRequest {
  int32_t page_size = 0;
  std::string page_token;
};

inline constexpr int32_t kDefaultPageSize = 50;
inline constexpr int32_t kMaxPageSize = 1000;

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_COMMON_H_
