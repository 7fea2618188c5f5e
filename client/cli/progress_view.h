// What a live display knows of a running job, and how it says it in a few lines.
#ifndef WINNOW_CLIENT_CLI_PROGRESS_VIEW_H_
#define WINNOW_CLIENT_CLI_PROGRESS_VIEW_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/cli/terminal.h"
#include "winnow/v1/job_event.pb.h"

namespace winnow::cli {

class ProgressView {
 public:
  // `job` is shown by its id.
  explicit ProgressView(const std::string& job);

  void Apply(const v1::JobEvent& event);

  // State and phase; bar with step, rows per second, loss and time left; the picks so far; the
  // leading candidates. Each at most `width` columns wide, escape sequences aside.
  std::vector<std::string> Lines(size_t width, const Terminal& terminal, absl::Time now) const;

 private:
  std::string Head(absl::Time now) const;
  double Fraction() const;
  std::string Numbers(size_t width) const;
  std::string Bar(size_t width, const Terminal& terminal) const;
  std::string Picks(size_t width) const;
  std::string Leading() const;

  const std::string id_;
  std::string state_ = "pending";
  std::string phase_;
  int attempt_ = 0;
  absl::Time started_ = absl::InfiniteFuture();
  std::vector<std::string> picks_;
  int repeat_ = 0;
  bool has_progress_ = false;
  v1::Progress progress_;
};

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_PROGRESS_VIEW_H_
