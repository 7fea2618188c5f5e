#include "client/cli/progress_view.h"

#include <sstream>

#include "client/cli/event_text.h"
#include "client/cli/live_screen.h"
#include "client/cli/text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ProgressViewTest : public ::testing::Test {
 protected:
  ProgressViewTest() {
    v1::JobEvent event;
    event.mutable_state_changed()->set_to(v1::Job::STATE_RUNNING);
    view_.Apply(event);
    event.mutable_event_time()->set_seconds(1000);
    event.mutable_attempt_started()->set_attempt(2);
    view_.Apply(event);
    for (const char* name : {"capital-gain", "age", "education-num"}) {
      event.mutable_pick()->set_candidate(name);
      view_.Apply(event);
    }
    v1::Progress& progress = *event.mutable_progress();
    progress.set_phase_name("select/phase");
    progress.set_phase(2);
    progress.set_phases(6);
    progress.set_step(1250);
    progress.set_total_steps(5000);
    progress.set_samples_per_s(41234.4);
    progress.set_loss(0.31271);
    progress.set_fraction(0.25);
    progress.set_eta_s(75);
    v1::CandidateScore& leading = *progress.add_top_candidates();
    leading.set_candidate("hours");
    leading.set_score(0.4);
    view_.Apply(event);
  }

  std::vector<std::string> Lines(size_t width) const {
    return view_.Lines(width, terminal_, absl::FromUnixSeconds(1042));
  }

  Terminal terminal_;
  ProgressView view_{"tenants/default/jobs/j7"};
};

TEST_F(ProgressViewTest, ShowsPhaseBarPicksAndLeaders) {
  EXPECT_THAT(Lines(110),
              ElementsAre("j7  running, attempt 2  select/phase 3/6  42 s",
                          "[########----------------------]  25%  step 1,250/5,000  41,234 rows/s  "
                          "loss 0.3127  ETA 1:15",
                          "picked 3: capital-gain, age, education-num", "leading: hours 0.4000"));
}

TEST_F(ProgressViewTest, NeverWiderThanTheTerminal) {
  for (size_t width = 1; width < 120; ++width) {
    for (const std::string& line : Lines(width)) EXPECT_LE(WidthOf(line), width) << line;
  }
}

TEST_F(ProgressViewTest, KeepsTheNewestPicksWhenTheyDoNotFit) {
  EXPECT_EQ(Lines(40)[2], "picked 3: ..., age, education-num");
}

TEST_F(ProgressViewTest, GivesUpSpeedThenLossWhereThereIsNoRoom) {
  EXPECT_EQ(Lines(57)[1], "[##-------]  25%  step 1,250/5,000  loss 0.3127  ETA 1:15");
  EXPECT_EQ(Lines(35)[1], " 25%  step 1,250/5,000  ETA 1:15");
}

TEST_F(ProgressViewTest, UsesBlocksAndColoursWhereItMay) {
  terminal_.has_blocks = true;
  terminal_.has_color = true;
  EXPECT_THAT(Lines(110)[1], HasSubstr("\x1b[32m████████\x1b[0m░░"));
}

TEST_F(ProgressViewTest, ANewAttemptGoesBackToNoProgress) {
  v1::JobEvent event;
  event.mutable_state_changed()->set_to(v1::Job::STATE_PENDING);
  view_.Apply(event);
  EXPECT_THAT(Lines(110), ElementsAre(HasSubstr("j7  pending"), HasSubstr("picked 3")));
}

TEST(LiveScreenTest, RedrawsInPlaceAndLeavesNothing) {
  std::ostringstream stream;
  {
    LiveScreen screen(stream);
    screen.Draw({"a", "b"});
    screen.Draw({"c"});
    screen.Print("stays");
  }
  EXPECT_EQ(stream.str(), "\x1b[Ja\nb\n\x1b[2F\x1b[Jc\n\x1b[1F\x1b[Jstays\n");
}

TEST(EventTextTest, EveryKindHasItsWords) {
  v1::JobEvent event;
  event.set_sequence(12);
  EXPECT_EQ(EventLine(event), "   12  (unknown event)");
  auto& changed = *event.mutable_state_changed();
  changed.set_to(v1::Job::STATE_PENDING);
  changed.set_reason("CRASH");
  EXPECT_EQ(EventText(event), "state: pending (CRASH)");
  event.mutable_attempt_started()->set_attempt(2);
  event.mutable_attempt_started()->set_from_step(1200);
  event.mutable_attempt_started()->set_threads(1);
  EXPECT_EQ(EventText(event), "attempt 2, 1 thread, goes on from step 1,200");
  event.mutable_phase_started()->set_stage(v1::STAGE_RETRAIN);
  event.mutable_phase_started()->set_steps(3000);
  EXPECT_EQ(EventText(event), "retrain, 3,000 steps");
  event.mutable_pick()->set_rank(3);
  event.mutable_pick()->set_candidate("a\nb");
  event.mutable_pick()->set_score(0.5);
  event.mutable_pick()->set_gain(0.25);
  EXPECT_EQ(EventText(event), "picked 3: a b, score 0.5000, gain 0.2500");
  event.mutable_pruned()->set_layer("dense_0");
  event.mutable_pruned()->set_alive(61);
  event.mutable_pruned()->set_total(1225);
  event.mutable_pruned()->set_sparsity(0.95);
  EXPECT_EQ(EventText(event), "pruned dense_0: 61 of 1,225 left, sparsity 0.950");
  event.mutable_evaluated()->set_subject("full");
  event.mutable_evaluated()->set_k(14);
  auto& metric = *event.mutable_evaluated()->add_metrics();
  metric.set_name("auc");
  metric.set_rows("test");
  EXPECT_EQ(EventText(event), "measured full, 14 candidates: test auc undefined");
  event.mutable_checkpoint_written()->set_step(10);
  EXPECT_EQ(EventText(event), "checkpoint at step 10, 0 B");
  event.mutable_warning()->set_message("id-like column");
  EXPECT_EQ(EventText(event), "warning: id-like column");
  event.mutable_artifact_written()->mutable_artifact()->set_name(
      "tenants/t/jobs/j/artifacts/a.json");
  EXPECT_EQ(EventText(event), "written: a.json, 0 B");
}

}  // namespace
}  // namespace winnow::cli
