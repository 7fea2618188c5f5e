// Features that give the target away.
#ifndef WINNOW_KERNELS_DATA_IMPORT_LEAK_CHECK_H_
#define WINNOW_KERNELS_DATA_IMPORT_LEAK_CHECK_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/dataset_profile.h"
#include "kernels/data/packed_table.h"

namespace winnow::data {

struct Leak {
  int32_t column = 0;  // index in DatasetProfile::columns
  double auc = 0;
};

// Rows of the sample that FindLeaks looks at: 20,000, fewer for wide tables (2e7 values in all).
int64_t LeakSampleRows(int64_t columns);

// Columns of a table with a binary target that alone reach an AUC above 0.99 on `records`, a sample
// of its records. A numeric column is its own score, in either direction, missing values below all
// others; a categorical one is scored by the share of positive rows per value on a random half of
// the sample and judged on the rest. Nothing is found in samples with fewer than 10 rows of a
// class.
std::vector<Leak> FindLeaks(const std::string& records, const PackedShape& shape,
                            const DatasetProfile& profile);

// Area under the ROC curve of `scores` for labels 0 and 1; ties count half. REQUIRES: both labels
// occur.
double ScoreAuc(const std::vector<double>& scores, const std::vector<int>& labels);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_LEAK_CHECK_H_
