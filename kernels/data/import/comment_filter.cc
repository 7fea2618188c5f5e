#include "kernels/data/import/comment_filter.h"

#include <cstring>

namespace winnow::data {

void CommentFilter::Append(const char* data, size_t size, std::string* out) {
  if (comment_.empty()) {
    out->append(data, size);
    return;
  }
  const char* const end = data + size;
  while (data < end) {
    if (state_ == State::kLineStart) {
      if (*data == comment_[matched_]) {
        ++data;
        if (++matched_ == comment_.size()) {
          matched_ = 0;
          state_ = State::kComment;
        }
        continue;
      }
      out->append(comment_, 0, matched_);
      matched_ = 0;
      state_ = State::kLine;
    }
    const auto* line_end = static_cast<const char*>(std::memchr(data, '\n', end - data));
    const char* const next = line_end == nullptr ? end : line_end + 1;
    if (state_ == State::kLine) out->append(data, next - data);
    if (line_end != nullptr) state_ = State::kLineStart;
    data = next;
  }
}

void CommentFilter::Finish(std::string* out) {
  if (state_ == State::kLineStart) out->append(comment_, 0, matched_);
  matched_ = 0;
}

}  // namespace winnow::data
