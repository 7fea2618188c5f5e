#include "kernels/data/import/value_dictionary.h"

#include <algorithm>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/strings/str_cat.h"
#include "arrow/util/utf8.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
// Entry 24 at a fill of 1/2 to 1, slot of the index 16 + 1 at a load of 7/16 to 7/8: 43 to 87.
constexpr int64_t kBytesPerValue = 64;

// Seeded anew in every process; nothing depends on it, because ids follow the order of arrival.
uint64_t HashOf(std::string_view value) {
  return absl::Hash<absl::string_view>()(absl::string_view(value.data(), value.size()));
}

}  // namespace

absl::StatusOr<int32_t> ValueDictionary::Count(std::string_view value) {
  return CountHashed(HashOf(value), value);
}

absl::StatusOr<int32_t> ValueDictionary::CountHashed(uint64_t hash, std::string_view value) {
  const auto found = index_.find(hash);
  if (found == index_.end()) {
    ASSIGN_OR_RETURN(const int32_t id, Add(value));
    index_.emplace(hash, id);
    return id;
  }
  Entry& entry = entries_[static_cast<size_t>(found->second)];
  if (entry.value == value) {
    ++entry.count;
    return found->second;
  }
  const auto other = colliding_.find(absl::string_view(value.data(), value.size()));
  if (other != colliding_.end()) {
    ++entries_[static_cast<size_t>(other->second)].count;
    return other->second;
  }
  ASSIGN_OR_RETURN(const int32_t id, Add(value));
  const std::string_view kept = entries_.back().value;
  colliding_.emplace(absl::string_view(kept.data(), kept.size()), id);
  return id;
}

absl::Status ValueDictionary::CountAll(std::span<const std::string_view> values, int32_t* ids,
                                       size_t* bad) {
  uint64_t hashes[kLanes];
  const Entry* entries[kLanes];
  for (size_t i = 0; i < values.size(); ++i) {
    hashes[i] = HashOf(values[i]);
    index_.prefetch(hashes[i]);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    const auto found = index_.find(hashes[i]);
    entries[i] = found == index_.end() ? nullptr : &entries_[static_cast<size_t>(found->second)];
    if (entries[i] != nullptr) __builtin_prefetch(entries[i], 1);
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (entries[i] != nullptr) __builtin_prefetch(entries[i]->value.data());
  }
  // Everything is near now; new values may move the entries, so they are looked up again.
  for (size_t i = 0; i < values.size(); ++i) {
    *bad = i;
    ASSIGN_OR_RETURN(ids[i], CountHashed(hashes[i], values[i]));
  }
  return absl::OkStatus();
}

absl::StatusOr<int32_t> ValueDictionary::Add(std::string_view value) {
  if (!arrow::util::ValidateUTF8(value)) {
    return absl::InvalidArgumentError("text that is not valid UTF-8; save the file as UTF-8");
  }
  const int64_t bytes = kBytesPerValue + static_cast<int64_t>(value.size());
  if (budget_->used_bytes + bytes > budget_->limit_bytes || size() >= INT32_MAX - 1) {
    return absl::ResourceExhaustedError(
        absl::StrCat("more distinct values than fit in ", budget_->limit_bytes >> 20, " MiB (",
                     size(), " so far); give this column hash_buckets, or ignore it"));
  }
  budget_->used_bytes += bytes;
  entries_.push_back({std::string_view(Keep(value), value.size()), 1});
  return static_cast<int32_t>(entries_.size()) - 1;
}

const char* ValueDictionary::Keep(std::string_view value) {
  if (value.empty()) return "";
  if (value.size() > chunk_left_) {
    chunk_left_ = std::max(kChunkBytes, value.size());
    chunks_.push_back(std::make_unique<char[]>(chunk_left_));
    chunk_at_ = chunks_.back().get();
  }
  char* const at = chunk_at_;
  std::memcpy(at, value.data(), value.size());
  chunk_at_ += value.size();
  chunk_left_ -= value.size();
  return at;
}

std::vector<int32_t> ValueDictionary::Sorted(int64_t min_count) const {
  std::vector<int32_t> ids;
  for (int32_t id = 0; id < static_cast<int32_t>(entries_.size()); ++id) {
    if (count(id) >= min_count) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end(), [this](int32_t a, int32_t b) {
    return count(a) != count(b) ? count(a) > count(b) : value(a) < value(b);
  });
  return ids;
}

}  // namespace winnow::data
