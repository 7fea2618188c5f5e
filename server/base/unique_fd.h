// A file descriptor that closes itself.
#ifndef WINNOW_SERVER_BASE_UNIQUE_FD_H_
#define WINNOW_SERVER_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace winnow::server {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { Reset(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  void Reset() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_ = -1;
};

}  // namespace winnow::server

#endif  // WINNOW_SERVER_BASE_UNIQUE_FD_H_
