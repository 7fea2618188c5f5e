#include "kernels/selectors/registry.h"

#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace winnow::selectors {
namespace {

TEST(RegistryTest, RowsAreCompleteAndNamedOnce) {
  std::set<std::string> names;
  for (const Row& row : Registry()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GE(row.version, 1);
    EXPECT_FALSE(row.summary.empty());
    EXPECT_EQ(row.summary.back(), '.');
    EXPECT_FALSE(row.gates.empty());
    EXPECT_NE(row.make, nullptr);
    EXPECT_NE(row.selection_steps, nullptr);
    EXPECT_EQ(FindSelector(row.name), &row);
  }
}

TEST(RegistryTest, DisplayOrderAndNamesOfTheContract) {
  std::vector<std::string> names;
  for (const Row& row : Registry()) names.push_back(row.name);
  EXPECT_THAT(names, ::testing::ElementsAre(
                         "sequential_attention", "sequential_attention_pp", "gated_gradual",
                         "gradual_magnitude", "magnitude", "omp", "sequential_lasso", "group_lasso",
                         "liao_latty_yang", "stg", "lassonet", "shark", "permutation", "autofield",
                         "lpfs", "univariate", "random"));
}

TEST(RegistryTest, TheSkeletonIsNotOffered) {
  EXPECT_EQ(FindSelector("skeleton"), nullptr);
  EXPECT_EQ(FindSelector(""), nullptr);
}

TEST(RegistryTest, ParameterNamesAreUniqueInEveryTable) {
  for (const Row& row : Registry()) {
    std::set<std::string> names;
    for (const ParamSpec& spec : row.params) {
      EXPECT_TRUE(names.insert(spec.name).second) << row.name << "." << spec.name;
    }
  }
}

}  // namespace
}  // namespace winnow::selectors
