#include "server/sched/fair_queue.h"

#include <random>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::sched {
namespace {

using testing::ElementsAre;

class FairQueueTest : public testing::Test {
 protected:
  void Add(const std::string& tenant, const std::string& id, int32_t priority = 0,
           int32_t threads = 1, absl::Duration not_before = absl::ZeroDuration()) {
    QueuedItem item;
    item.tenant = tenant;
    item.id = id;
    item.priority = priority;
    item.order = ++order_;
    item.threads = threads;
    item.not_before = not_before;
    queue_.Push(item);
  }
  std::string Pop(int32_t free_slots = 100, absl::Duration now = absl::ZeroDuration()) {
    const auto item = queue_.PopNext(
        now, [&](const std::string& tenant) { return blocked_.count(tenant) == 0; },
        [&](const QueuedItem& next) { return next.threads <= free_slots; });
    return item.has_value() ? item->id : "-";
  }
  std::vector<std::string> Drain() {
    std::vector<std::string> ids;
    for (std::string id = Pop(); id != "-"; id = Pop()) ids.push_back(id);
    return ids;
  }

  FairQueue queue_;
  std::set<std::string> blocked_;
  int64_t order_ = 0;
};

TEST_F(FairQueueTest, OneTenantIsServedByPriorityThenAge) {
  Add("a", "1");
  Add("a", "2");
  Add("a", "high", 5);
  Add("a", "low", -5);
  EXPECT_EQ(queue_.size(), 4);
  EXPECT_EQ(queue_.size_of("a"), 4);
  EXPECT_THAT(Drain(), ElementsAre("high", "1", "2", "low"));
  EXPECT_EQ(queue_.size(), 0);
}

TEST_F(FairQueueTest, TenantsTakeTurnsWhateverTheirPriorities) {
  Add("a", "a1", 100);
  Add("a", "a2", 100);
  Add("a", "a3", 100);
  Add("b", "b1");
  Add("c", "c1");
  Add("c", "c2");
  EXPECT_THAT(Drain(), ElementsAre("a1", "b1", "c1", "a2", "c2", "a3"));
}

TEST_F(FairQueueTest, AFloodingTenantDelaysAnotherByOneJobAtMost) {
  for (int i = 0; i < 10'000; ++i) Add("flood", absl::StrCat("f", i), 1000);
  for (int i = 0; i < 10; ++i) Pop();
  Add("quiet", "q");
  const std::string first = Pop();
  EXPECT_TRUE(first == "q" || Pop() == "q");
}

TEST_F(FairQueueTest, TheHeadWaitsForItsSlotsAndNobodyOvertakes) {
  Add("a", "wide", 0, 4);
  Add("a", "narrow", 0, 1);
  Add("b", "other", 0, 1);
  EXPECT_EQ(Pop(3), "-");
  EXPECT_EQ(Pop(3), "-");
  EXPECT_EQ(Pop(4), "wide");
  EXPECT_EQ(Pop(3), "other");
  EXPECT_EQ(Pop(3), "narrow");
}

TEST_F(FairQueueTest, ATenantAtItsLimitIsPassedOver) {
  Add("a", "a1");
  Add("b", "b1");
  blocked_ = {"a"};
  EXPECT_EQ(Pop(), "b1");
  EXPECT_EQ(Pop(), "-");
  blocked_ = {};
  EXPECT_EQ(Pop(), "a1");
}

TEST_F(FairQueueTest, AnItemThatMustWaitLetsOthersOfItsTenantPass) {
  Add("a", "crashed", 0, 1, absl::Seconds(10));
  Add("a", "fresh");
  EXPECT_EQ(Pop(), "fresh");
  EXPECT_EQ(Pop(100, absl::Seconds(9)), "-");
  EXPECT_EQ(Pop(100, absl::Seconds(10)), "crashed");
}

TEST_F(FairQueueTest, RemoveTakesOutExactlyOneItem) {
  Add("a", "1");
  Add("a", "2");
  EXPECT_FALSE(queue_.Remove(domain::WorkKind::kJob, "a", "3"));
  EXPECT_FALSE(queue_.Remove(domain::WorkKind::kJob, "b", "1"));
  EXPECT_FALSE(queue_.Remove(domain::WorkKind::kImport, "a", "1"));
  EXPECT_TRUE(queue_.Remove(domain::WorkKind::kJob, "a", "1"));
  EXPECT_FALSE(queue_.Remove(domain::WorkKind::kJob, "a", "1"));
  EXPECT_THAT(Drain(), ElementsAre("2"));
}

// With random arrivals and departures: every item comes out once, and between two services of a
// tenant that has work no other tenant is served twice.
TEST_F(FairQueueTest, IsFairUnderRandomLoad) {
  std::mt19937 random(7);
  std::map<std::string, int> waiting;
  std::map<std::string, int> served_since;  // tenant x other, since x was last served
  int pushed = 0;
  int popped = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 2 == 0) {
      const std::string tenant(1, static_cast<char>('a' + random() % 5));
      Add(tenant, absl::StrCat(tenant, pushed++), static_cast<int32_t>(random() % 3));
      ++waiting[tenant];
      continue;
    }
    const std::string id = Pop();
    if (id == "-") continue;
    ++popped;
    const std::string tenant = id.substr(0, 1);
    --waiting[tenant];
    for (const auto& [other, count] : waiting) {
      if (other == tenant || count == 0) {
        served_since.erase(other + tenant);
        continue;
      }
      EXPECT_LE(++served_since[other + tenant], 2) << other << " starves behind " << tenant;
    }
    for (const auto& [other, count] : waiting) served_since.erase(tenant + other);
  }
  EXPECT_EQ(queue_.size(), pushed - popped);
  EXPECT_EQ(Drain().size(), static_cast<size_t>(pushed - popped));
}

}  // namespace
}  // namespace winnow::sched
