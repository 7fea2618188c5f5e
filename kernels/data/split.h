// Which rows train, validate and test.
//
//   random      a Philox permutation of all rows: the first round(test n) rows are test, the next
//               round(validation n) validation
//   stratified  the same within every class (regression targets: as random)
//   column      rows whose value is among test_values or validation_values; every other row trains.
//               When no row has a validation value, the share `validation` of the training rows is
//               drawn at random
//   time        rows in the order of (time, row): the last round(test n) are test, those before
//               them validation
//   group       a Philox permutation of the groups; whole groups go to test until it has at least
//               round(test n) rows, then to validation, then to training
//   files       rows of test files are test, rows of validation files validation. Without
//               validation files the share `validation` of the training files' rows is drawn at
//               random, without test files the share `test`
//   folds       a permutation of all rows cut into `folds` parts whose sizes differ by at most 1;
//               part `fold` is test, round(validation n) of the others validation
//
// Draws use the streams "split/..." of SplitSpec::seed. Deterministic. In a large table
// (large_table.h) the rows of random, stratified, files and folds are drawn one by one in table
// order (PartDraw) instead of by a permutation: the same sizes, the same distribution, and no list
// of rows in memory. A group split needs 13 bytes for every group.
#ifndef WINNOW_KERNELS_DATA_SPLIT_H_
#define WINNOW_KERNELS_DATA_SPLIT_H_

#include "absl/status/statusor.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/row_set.h"

namespace winnow::data {

struct SplitRows {
  RowSet train, validation, test;  // disjoint; together all rows
};

// INVALID_ARGUMENT: no training row is left; a share outside [0, 1); a column that the table does
// not hold. Sizes equal CountSplit(profile, spec) wherever that is exact.
absl::StatusOr<SplitRows> MakeSplit(const PackedTable& table, const DatasetProfile& profile,
                                    const SplitSpec& spec);
// The same for a table that is taken for a large one, or for a small one.
absl::StatusOr<SplitRows> MakeSplit(const PackedTable& table, const DatasetProfile& profile,
                                    const SplitSpec& spec, bool is_large);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_SPLIT_H_
