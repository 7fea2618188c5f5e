#include "client/cli/progress_view.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/event_text.h"
#include "client/cli/field_names.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

std::string Colored(const std::string& text, const char* code, bool has_color) {
  return has_color && !text.empty() ? absl::StrCat("\x1b[", code, "m", text, "\x1b[0m") : text;
}

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

std::string PhaseOf(const std::string& name, v1::Stage stage, int phase, int phases) {
  const std::string what = name.empty() ? StageName(stage) : name;
  return phases > 1 ? absl::StrCat(what, " ", phase + 1, "/", phases) : what;
}

}  // namespace

ProgressView::ProgressView(const std::string& job) : id_(IdOf(job)) {}

void ProgressView::Apply(const v1::JobEvent& event) {
  if (event.has_state_changed()) {
    const auto* state = v1::Job::State_descriptor()->FindValueByNumber(event.state_changed().to());
    if (state != nullptr) state_ = ShortName(*state);
    has_progress_ = has_progress_ && state_ == "running";
  } else if (event.has_attempt_started()) {
    attempt_ = event.attempt_started().attempt();
    started_ = std::min(started_, TimeOf(event.event_time()));
  } else if (event.has_phase_started()) {
    const v1::PhaseStarted& phase = event.phase_started();
    phase_ = PhaseOf(phase.name(), phase.stage(), phase.phase(), phase.phases());
    if (phase.repeat() != repeat_) picks_.clear();
    repeat_ = phase.repeat();
  } else if (event.has_pick()) {
    if (event.pick().repeat() != repeat_) picks_.clear();
    repeat_ = event.pick().repeat();
    picks_.push_back(event.pick().candidate());
  } else if (event.has_progress()) {
    progress_ = event.progress();
    has_progress_ = true;
    phase_ =
        PhaseOf(progress_.phase_name(), progress_.stage(), progress_.phase(), progress_.phases());
  }
}

std::string ProgressView::Head(absl::Time now) const {
  std::string text = absl::StrCat(id_, "  ", state_);
  if (attempt_ > 1) absl::StrAppend(&text, ", attempt ", attempt_);
  if (!phase_.empty()) absl::StrAppend(&text, "  ", phase_);
  if (repeat_ > 0) absl::StrAppend(&text, "  repeat ", repeat_);
  if (started_ < now) {
    const int64_t seconds = absl::ToInt64Seconds(now - started_);
    absl::StrAppend(
        &text, "  ",
        seconds < 60 ? absl::StrCat(seconds, " s") : SecondsText(static_cast<double>(seconds)));
  }
  return text;
}

// Done share, step, rows per second, loss, time left: what fits, speed and loss given up first.
std::string ProgressView::Numbers(size_t width) const {
  std::string text = absl::StrFormat("%3d%%  step ", static_cast<int>(Fraction() * 100));
  absl::StrAppend(&text, CountText(progress_.step()), "/", CountText(progress_.total_steps()));
  std::string speed, loss, eta;
  if (progress_.samples_per_s() > 0) {
    speed = absl::StrCat("  ", CountText(std::llround(progress_.samples_per_s())), " rows/s");
  }
  if (progress_.has_loss()) loss = absl::StrCat("  loss ", NumberText(progress_.loss()));
  if (progress_.has_eta_s()) eta = absl::StrCat("  ETA ", SecondsText(progress_.eta_s()));
  if (text.size() + speed.size() + loss.size() + eta.size() > width) speed.clear();
  if (text.size() + loss.size() + eta.size() > width) loss.clear();
  return absl::StrCat(text, speed, loss, eta);
}

double ProgressView::Fraction() const { return std::clamp(progress_.fraction(), 0.0, 1.0); }

std::string ProgressView::Bar(size_t width, const Terminal& terminal) const {
  constexpr size_t kWidestBar = 30, kLeastBar = 4;
  const std::string numbers = Numbers(width);
  constexpr size_t kFrame = 3;  // "[", "] "
  const size_t room = width > numbers.size() + kFrame ? width - numbers.size() - kFrame : 0;
  const size_t cells = std::min(room, kWidestBar);
  if (cells < kLeastBar) return Clip(numbers, width);
  const size_t full = static_cast<size_t>(std::lround(Fraction() * static_cast<double>(cells)));
  std::string done, rest;
  for (size_t i = 0; i < full; ++i) done += terminal.has_blocks ? "█" : "#";
  for (size_t i = full; i < cells; ++i) rest += terminal.has_blocks ? "░" : "-";
  return absl::StrCat("[", Colored(done, "32", terminal.has_color), rest, "] ", numbers);
}

// The newest picks that fit, in order.
std::string ProgressView::Picks(size_t width) const {
  if (picks_.empty()) return "";
  const std::string head = absl::StrCat("picked ", picks_.size(), ": ");
  std::string list;
  for (size_t i = picks_.size(); i-- > 0;) {
    const std::string longer = list.empty() ? picks_[i] : absl::StrCat(picks_[i], ", ", list);
    const size_t dots = i > 0 ? 5 : 0;  // "..., "
    if (!list.empty() && head.size() + WidthOf(longer) + dots > width) {
      return absl::StrCat(head, "..., ", list);
    }
    list = longer;
  }
  return head + list;
}

std::string ProgressView::Leading() const {
  std::string text;
  for (const v1::CandidateScore& candidate : progress_.top_candidates()) {
    absl::StrAppend(&text, text.empty() ? "leading: " : ", ", candidate.candidate(), " ",
                    NumberText(candidate.score()));
  }
  return text;
}

std::vector<std::string> ProgressView::Lines(size_t width, const Terminal& terminal,
                                             absl::Time now) const {
  std::vector<std::string> lines = {Colored(Clip(Head(now), width), "1", terminal.has_color)};
  if (has_progress_) lines.push_back(Bar(width, terminal));
  if (!picks_.empty()) lines.push_back(Clip(Picks(width), width));
  if (has_progress_ && progress_.top_candidates_size() > 0) {
    lines.push_back(Colored(Clip(Leading(), width), "2", terminal.has_color));
  }
  return lines;
}

}  // namespace winnow::cli
