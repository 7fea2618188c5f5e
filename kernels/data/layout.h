// Where every feature column of a table stands among the inputs of a network.
#ifndef WINNOW_KERNELS_DATA_LAYOUT_H_
#define WINNOW_KERNELS_DATA_LAYOUT_H_

#include <cstdint>
#include <vector>

#include "kernels/base/dataset_profile.h"

namespace winnow::data {

struct FeatureLayout {
  int32_t column = 0;  // index in DatasetProfile::columns
  bool categorical = false;
  int32_t value_offset = -1;      // numeric: position in the dense part
  int32_t indicator_offset = -1;  // numeric with missing values: value_offset + 1
  int32_t code_slot = -1;         // categorical: position in the codes part
  int64_t vocabulary = 0;         // categorical: codes are 0..vocabulary-1

  bool operator==(const FeatureLayout&) const = default;
};

struct TableLayout {
  std::vector<FeatureLayout> features;  // by column
  int32_t dense_width = 0;              // numeric values and indicators, in column order
  int32_t num_categorical = 0;
};

// A function of the profile alone, so the Plan can count on it before the table is opened.
TableLayout MakeLayout(const DatasetProfile& profile);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_LAYOUT_H_
