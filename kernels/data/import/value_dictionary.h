// The distinct values of a column with their counts, while a table is read.
#ifndef WINNOW_KERNELS_DATA_IMPORT_VALUE_DICTIONARY_H_
#define WINNOW_KERNELS_DATA_IMPORT_VALUE_DICTIONARY_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace winnow::data {

// Bytes that all dictionaries of an import may take together.
struct DictionaryBudget {
  int64_t limit_bytes = 0;
  int64_t used_bytes = 0;
};

// Bytes live in chunks that never move. The index goes by a 64-bit hash; values whose hash belongs
// to another value have an index of their own. About 64 bytes a value besides its text.
class ValueDictionary {
 public:
  // OWNERSHIP: `budget` must outlive this.
  explicit ValueDictionary(DictionaryBudget* budget) : budget_(budget) {}
  ValueDictionary(const ValueDictionary&) = delete;
  ValueDictionary& operator=(const ValueDictionary&) = delete;

  // Counts one more occurrence; ids are 0, 1, ... in the order of arrival. INVALID_ARGUMENT for a
  // new value that is not UTF-8, RESOURCE_EXHAUSTED when the budget is spent.
  absl::StatusOr<int32_t> Count(std::string_view value);

  // The same for several values at once, in order: their cache misses overlap, which is what a
  // column of a million values costs. ids[i] belongs to values[i]. On error *bad is its position.
  static constexpr size_t kLanes = 32;
  // REQUIRES: values.size() <= kLanes.
  absl::Status CountAll(std::span<const std::string_view> values, int32_t* ids, size_t* bad);

  int64_t size() const { return static_cast<int64_t>(entries_.size()); }
  std::string_view value(int32_t id) const { return entries_[static_cast<size_t>(id)].value; }
  int64_t count(int32_t id) const { return entries_[static_cast<size_t>(id)].count; }

  // Ids of the values with at least min_count occurrences, by count descending, then bytes
  // ascending.
  std::vector<int32_t> Sorted(int64_t min_count) const;

 private:
  struct Entry {
    std::string_view value;
    int64_t count;
  };

  absl::StatusOr<int32_t> CountHashed(uint64_t hash, std::string_view value);
  absl::StatusOr<int32_t> Add(std::string_view value);
  const char* Keep(std::string_view value);

  DictionaryBudget* budget_;
  absl::flat_hash_map<uint64_t, int32_t> index_;               // by hash
  absl::flat_hash_map<absl::string_view, int32_t> colliding_;  // values whose hash is another's
  std::vector<Entry> entries_;
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_left_ = 0;
  char* chunk_at_ = nullptr;
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_VALUE_DICTIONARY_H_
