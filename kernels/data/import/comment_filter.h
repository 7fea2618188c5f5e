// Drops the lines of a text that start with a given string, piece by piece.
#ifndef WINNOW_KERNELS_DATA_IMPORT_COMMENT_FILTER_H_
#define WINNOW_KERNELS_DATA_IMPORT_COMMENT_FILTER_H_

#include <cstddef>
#include <string>

namespace winnow::data {

class CommentFilter {
 public:
  // An empty `comment` drops nothing.
  explicit CommentFilter(std::string comment) : comment_(std::move(comment)) {}

  // Appends what is left of the next piece to `out`. Bytes that may begin a comment are held back
  // until it is known.
  void Append(const char* data, size_t size, std::string* out);
  // After the last piece.
  void Finish(std::string* out);

 private:
  enum class State { kLineStart, kLine, kComment };

  std::string comment_;
  State state_ = State::kLineStart;
  size_t matched_ = 0;  // bytes of comment_ at the start of this line
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_COMMENT_FILTER_H_
