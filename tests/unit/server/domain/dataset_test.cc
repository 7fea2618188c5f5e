#include "server/domain/dataset.h"

#include <set>
#include <utility>

#include "gtest/gtest.h"

namespace winnow::domain {
namespace {

using enum DatasetState;

TEST(DatasetStateTest, AllowsExactlyTheDrawnTransitions) {
  const std::set<std::pair<DatasetState, DatasetState>> drawn = {{kUploading, kImporting},
                                                                 {kUploading, kFailed},
                                                                 {kImporting, kActive},
                                                                 {kImporting, kFailed}};
  for (const DatasetState from : kDatasetStates) {
    for (const DatasetState to : kDatasetStates) {
      EXPECT_EQ(CanTransition(from, to), drawn.count({from, to}) == 1)
          << DatasetStateName(from) << " -> " << DatasetStateName(to);
    }
  }
}

TEST(DatasetStateTest, NamesGoBothWaysInBothSpellings) {
  for (const DatasetState state : kDatasetStates) {
    const std::string name = DatasetStateName(state);
    EXPECT_EQ(ParseDatasetState(name), state);
    EXPECT_EQ(ParseDatasetState("STATE_" + name), state);
  }
  EXPECT_FALSE(ParseDatasetState("active").has_value());
}

}  // namespace
}  // namespace winnow::domain
