#include "kernels/data/latest_rows.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"
#include "kernels/base/rng.h"

namespace winnow::data {
namespace {

TEST(TimeKeyTest, OrdersAsTheNumbersDo) {
  const std::vector<double> ascending = {-1e300, -2.5, -1e-310, 0, 1e-310, 1, 1 + 1e-15, 1.6e9};
  for (size_t i = 1; i < ascending.size(); ++i) {
    EXPECT_LT(TimeKey(ascending[i - 1]), TimeKey(ascending[i])) << i;
  }
  EXPECT_EQ(TimeKey(-0.0), TimeKey(0.0));
}

TEST(CutLatestTest, AgreesWithASort) {
  const RngStream random(1, "test");
  constexpr int64_t kRows = 500;
  for (const double values : {1.0, 3.0, 40.0, 1e9}) {
    std::vector<double> time(kRows);
    for (int64_t i = 0; i < kRows; ++i) {
      time[i] = std::floor(values * random.Uniform(static_cast<uint64_t>(i))) - values / 2;
    }
    const auto key_of = [&](int64_t row) { return TimeKey(time[row]); };
    std::vector<int64_t> order(kRows);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int64_t a, int64_t b) { return time[a] < time[b]; });
    for (const int64_t count : {0, 1, 17, 250, 499, 500}) {
      TimeCut cut = CutLatest(kRows, key_of, count);
      std::vector<int64_t> behind;
      for (int64_t row = kRows - 1; row >= 0; --row) {
        const bool is_tie = key_of(row) == cut.key;
        if (key_of(row) > cut.key || (is_tie && cut.ties-- > 0)) behind.push_back(row);
      }
      std::vector<int64_t> expected(order.end() - count, order.end());
      std::sort(expected.rbegin(), expected.rend());
      EXPECT_EQ(behind, expected) << values << " values, " << count;
    }
  }
}

}  // namespace
}  // namespace winnow::data
