// The columns of a job's table beside the inputs of an earlier model, matched by name.
//
// A column matches one of the same name and kind. Numeric: of the same transform, varying in both
// tables, and with standardisations that can be told apart from a different quantity: see
// kMostRescaled. Dictionary: value by value, as text; a value that was too rare for the parent to
// learn is new. Hashed: of as many buckets. What does not match is new.
#ifndef WINNOW_KERNELS_TRAIN_INPUT_MATCH_H_
#define WINNOW_KERNELS_TRAIN_INPUT_MATCH_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/data/dictionary.h"
#include "kernels/data/training_table.h"
#include "kernels/train/parent_model.h"

namespace winnow::train {

// Inputs are bounded to +-10 standard deviations (kernels/data/fit.h): a mean that moved farther,
// or a scale that grew more, leaves little of what the parent's model was fitted to.
inline constexpr double kMostRescaled = 10;

// How one column of the table continues an input of the parent.
struct ColumnMatch {
  int32_t input = -1;          // index in ParentModel::inputs; -1: the column is new
  std::vector<int32_t> codes;  // categorical: by code of the table, the parent's, or -1: new
};

struct InputMatch {
  std::vector<ColumnMatch> columns;            // by index in DatasetProfile::columns
  std::vector<std::string> gone;               // columns of the parent without a match
  int64_t matched_values = 0, new_values = 0;  // of dictionaries
};

// `dictionaries` are those of the table.
InputMatch MatchInputs(const ParentModel& parent, const data::TrainingTable& table,
                       const std::vector<data::Dictionary>& dictionaries);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_INPUT_MATCH_H_
