// Small tables with a known answer, written in the packed format.
#ifndef WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TESTING_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/dataset_profile.h"

namespace winnow::train {

// Either numeric values (NaN = missing) or codes of a vocabulary (0 = missing).
struct PlantedColumn {
  std::string name;
  std::vector<float> numeric;
  std::vector<int32_t> codes;
  int64_t vocabulary = 0;
};

struct PlantedTable {
  TargetKind kind = TargetKind::kBinary;
  int classes = 2;
  std::vector<PlantedColumn> columns;
  std::vector<float> target;
  std::vector<float> weight;   // empty: none
  std::vector<int32_t> group;  // empty: none
};

// `n0`..`n9` numeric and `c0`, `c1` categorical (12 values). n0, n1, n2 (with falling strength) and
// c0 decide the target, the rest is noise; n9 has missing values.
PlantedTable MakePlanted(TargetKind kind, int rows, uint64_t seed);

// Target = [n0 n1 > 0] with n0, n1 = +-1 among `columns` such columns; no column alone tells
// anything.
PlantedTable MakeXor(int columns, int rows, uint64_t seed);

// Writes `folder`/table.bin; returns its profile with a random split of 60 / 20 / 20.
DatasetProfile WritePlanted(const std::string& folder, const PlantedTable& table);

}  // namespace winnow::train

#endif  // WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TESTING_H_
