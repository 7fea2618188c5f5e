// What is learned from a job's training rows before training: how every column enters the network.
//
// Numeric column with training mean m, standard deviation s, least and greatest value over its
// present training rows:
//   standardize, log1p, criteo_log2   z = clamp((x - m) / s, -10, 10)
//   min_max                           z = (x - min) / (max - min)
//   quantile                          u = rank of x among the cut points, in [0, 1];
//                                     z = (u - 1/2) sqrt(12)
//   none                              z = x
// The first rule is free of the column's unit. The bound keeps a column that is constant but for a
// few rows, or one with a far outlier, from entering with values of a hundred standard deviations.
// Measured, Sequential Attention with the usual settings, test accuracy: MNIST k = 50 .958 with the
// bound 10, .951 without, .955 with (x - m) / sqrt(s^2 + 1e-3 (max - min)^2); spambase k = 10 .919,
// .914, .905. A column constant on the training rows (s <= 1e-6 |m|) gives 0; none: its value.
// A missing value takes the training mean m: z(m), which is 0 in the first rule. A column with
// missing values anywhere in the table has a second input, the indicator (1 = missing),
// standardised by the first rule.
//
// Categorical column: codes of values seen in fewer than max(1, min_count) training rows become 0 =
// unknown.
#ifndef WINNOW_KERNELS_DATA_FIT_H_
#define WINNOW_KERNELS_DATA_FIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/checkpoint.h"
#include "kernels/base/dataset_profile.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/split.h"

namespace winnow::data {

// Statistics and the map they give. The statistics decide the map: only they are saved.
struct NumericFit {
  double mean = 0, stddev = 0, min = 0, max = 0;  // over present training rows; 0 if there is none
  double missing_rate = 0;                        // share of training rows
  std::vector<float> cuts;                        // quantile: ascending, first = min, last = max

  float centre = 0, scale = 0;  // z = clamp((x - centre) * scale, -bound, bound); quantile: of u
  float bound = 0;              // 10, or infinity
  float fill = 0;               // z of a missing value
  float indicator_present = 0, indicator_missing = 0;  // the indicator's two values
};

struct CategoricalFit {
  std::vector<int64_t> raw_counts;  // [vocabulary], training rows of every code as stored
  std::vector<int32_t> map;         // [vocabulary], code as the network sees it
  std::vector<int64_t> counts;      // [vocabulary], training rows of every mapped code
  bool identity = false;            // map[c] == c for every c
};

struct TableFit {
  std::vector<NumericFit> numeric;          // numeric columns in table order
  std::vector<CategoricalFit> categorical;  // categorical columns in table order
  double target_mean = 0;                   // over training rows
  double target_stddev = 1;                 // 1 when it is 0
};

// The statistics are sums over the training rows in row order, in double; of the other rows the
// codes alone are looked at. O(rows x columns), memory O(columns). DATA_LOSS for a code outside its
// vocabulary in any part. REQUIRES: rows.train is not empty; the table has the columns of the
// profile.
absl::StatusOr<TableFit> FitTable(const PackedTable& table, const DatasetProfile& profile,
                                  const SplitRows& rows);

// z of the value x of a numeric column; NaN gives the fill.
float MapNumeric(const NumericFit& fit, float x);

// Sections `prefix`/numeric, /cuts/<j>, /codes/<slot>, /target. Load returns the same bytes that
// FitTable computed. NOT_FOUND / DATA_LOSS when a section is missing or does not fit the profile.
void SaveFit(const TableFit& fit, const std::string& prefix, Checkpoint* checkpoint);
absl::StatusOr<TableFit> LoadFit(const DatasetProfile& profile, const std::string& prefix,
                                 const Checkpoint& checkpoint);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_FIT_H_
