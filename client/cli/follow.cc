#include "client/cli/follow.h"

#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/cli/error_text.h"
#include "client/cli/event_text.h"
#include "client/cli/exit_status.h"
#include "client/cli/job_text.h"
#include "client/cli/live_screen.h"
#include "client/cli/progress_view.h"
#include "client/cli/proto_json.h"
#include "client/cli/terminal.h"
#include "client/cpp/error.h"
#include "client/cpp/status_macros.h"
#include "client/cpp/watch.h"

namespace winnow::cli {
namespace {

// One form of output.
class Display {
 public:
  virtual ~Display() = default;
  virtual void Show(const v1::JobEvent& event) = 0;
  virtual void Say(const std::string& line) = 0;
};

class QuietDisplay : public Display {
 public:
  void Show(const v1::JobEvent&) override {}
  void Say(const std::string&) override {}
};

// Flushed line by line: the reader may be a program that waits for it.
class LineDisplay : public Display {
 public:
  LineDisplay(std::ostream& stream, std::ostream& err, bool json)
      : stream_(stream), err_(err), json_(json) {}

  void Show(const v1::JobEvent& event) override {
    if (json_) {
      stream_ << JsonLine(event) << "\n" << std::flush;
    } else if (!event.has_progress()) {
      stream_ << EventLine(event) << "\n" << std::flush;
    }
  }
  void Say(const std::string& line) override { err_ << line << "\n" << std::flush; }

 private:
  std::ostream& stream_;
  std::ostream& err_;
  const bool json_;
};

class LiveDisplay : public Display {
 public:
  LiveDisplay(std::ostream& stream, Terminal terminal, const std::string& job)
      : terminal_(std::move(terminal)), view_(job), screen_(stream) {}

  void Show(const v1::JobEvent& event) override {
    view_.Apply(event);
    const bool stays = event.has_warning() || (event.has_state_changed() &&
                                               client::IsTerminal(event.state_changed().to()));
    if (stays) screen_.Print(EventText(event));
    const size_t width = terminal_.width();
    // The last column stays free: some terminals wrap when it is written.
    screen_.Draw(view_.Lines(width > 1 ? width - 1 : 1, terminal_, absl::Now()));
  }
  void Say(const std::string& line) override { screen_.Print(line); }

 private:
  const Terminal terminal_;
  ProgressView view_;
  LiveScreen screen_;
};

std::unique_ptr<Display> MakeDisplay(const FollowOptions& options, const std::string& job,
                                     std::ostream& stream, std::ostream& err) {
  if (options.quiet) return std::make_unique<QuietDisplay>();
  const Terminal terminal = TerminalOf(stream);
  if (!options.json && terminal.is_live) {
    return std::make_unique<LiveDisplay>(stream, terminal, job);
  }
  return std::make_unique<LineDisplay>(stream, err, options.json);
}

}  // namespace

absl::StatusOr<v1::Job> FollowJob(client::Client& client, const std::string& name,
                                  const FollowOptions& options, std::ostream& stream,
                                  std::ostream& err) {
  {
    const std::unique_ptr<Display> display = MakeDisplay(options, name, stream, err);
    client::WatchOptions watch;
    watch.after_sequence = options.after_sequence;
    watch.on_rejoin = [&](const absl::Status& why) {
      display->Say(absl::StrCat("the stream of events broke off; rejoining", why.ok() ? "" : ": ",
                                std::string(why.message())));
    };
    RETURN_IF_ERROR(client::WatchJob(client, name, watch, [&](const v1::JobEvent& event) {
      display->Show(event);
      return stream ? absl::OkStatus() : absl::CancelledError("the output was closed");
    }));
  }
  return client.GetJob(name);
}

int ReportEnd(const Context& context, const v1::Job& job) {
  if (job.state() == v1::Job::STATE_SUCCEEDED) return kExitDone;
  absl::Status error = client::FromRpc(job.error());
  if (error.ok()) error = absl::CancelledError("no reason was given");
  error = client::Annotate(error, absl::StrCat(job.name(), " is ", StateText(job)));
  context.err << (context.options.json ? ErrorJson(error) : ErrorText(error, ""));
  return ExitStatusOf(job.state());
}

}  // namespace winnow::cli
