#include "kernels/train/aukc.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::train {
namespace {

using ::testing::DoubleNear;
using ::testing::IsEmpty;
using ::testing::Optional;

CurvePoint Point(int64_t k, std::optional<double> auc) {
  CurvePoint point;
  point.k = k;
  point.metrics["test"]["auc"].value = auc;
  point.metrics["test"]["accuracy"].value = 0.5;
  return point;
}

TEST(AukcTest, MeanOverSizesByTrapezoids) {
  // (1 * 0.65 + 2 * 0.75 + 3 * 0.85) / 6
  const auto areas = AreaUnderCurve({Point(1, 0.6), Point(2, 0.7), Point(4, 0.8), Point(7, 0.9)});
  EXPECT_THAT(areas.at("test").at("auc"), Optional(DoubleNear(4.7 / 6, 1e-12)));
  EXPECT_THAT(areas.at("test").at("accuracy"), Optional(DoubleNear(0.5, 1e-12)));
}

TEST(AukcTest, AnUndefinedSizeLeavesItUndefined) {
  const auto areas = AreaUnderCurve({Point(1, 0.6), Point(2, std::nullopt), Point(4, 0.8)});
  EXPECT_FALSE(areas.at("test").at("auc").has_value());
  EXPECT_TRUE(areas.at("test").at("accuracy").has_value());
}

TEST(AukcTest, NeedsTwoSizes) {
  EXPECT_THAT(AreaUnderCurve({}), IsEmpty());
  EXPECT_THAT(AreaUnderCurve({Point(3, 0.6)}), IsEmpty());
}

}  // namespace
}  // namespace winnow::train
