#include "kernels/data/import/value_dictionary.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "arrow/util/utf8.h"
#include "kernels/data/import/cell.h"

namespace winnow::data {
namespace {

constexpr size_t kChunkBytes = size_t{64} << 10;
// Entry 24, slot of the index 24 + 1 at a load of 7/8 to 7/16: 28 to 57.
constexpr int64_t kBytesPerValue = 64;

}  // namespace

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
  const auto id = static_cast<int32_t>(entries_.size());
  const std::string_view kept(Keep(value), value.size());
  entries_.push_back({kept, 1});
  index_.emplace(absl::string_view(kept.data(), kept.size()), id);
  return id;
}

const char* ValueDictionary::Keep(std::string_view value) {
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
