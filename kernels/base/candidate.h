// What can be selected: features, embedding chunks, weight blocks, feature crosses.
#ifndef WINNOW_KERNELS_BASE_CANDIDATE_H_
#define WINNOW_KERNELS_BASE_CANDIDATE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/base/budget.h"

namespace winnow {

// Where the mask of a candidate multiplies.
enum class GateKind {
  kFeature,  // all inputs of a feature or of a named group of features
  kChunk,    // consecutive dimensions of one embedding table
  kBlock,    // a block of one dense layer's weight matrix
  kCross,    // the product of two fields
};

struct Candidate {
  std::string
      name;  // "age", a group's name, "occupation[2:3]", "dense_0[4,7]" (block row, block column)
  Cost cost;
  // Feature gate: indices into DatasetProfile::columns, ascending. Chunk gate: the one field. Else
  // empty.
  std::vector<int32_t> columns;
  // Chunk gate: dimensions [begin, end) of the field's table.
  int32_t begin = 0;
  int32_t end = 0;
  // Index of the candidate that must be selected before this one (prefix chunks), lower than its
  // own, or -1.
  int32_t prerequisite = -1;
};

// Geometry of a blocked weight matrix. Border blocks are smaller when the shape does not divide.
struct BlockGrid {
  int32_t layer = 0;                          // index of the dense layer
  int32_t rows = 0, columns = 0;              // shape of the weights, inputs x outputs
  int32_t block_rows = 0, block_columns = 0;  // shape of a block
  // Block-sparse kernels take over from dense ones where they save this share of the multiply-adds;
  // 1: never. See kernels/gates/block_engine.h.
  double sparse_saving = 1.0;
  int32_t grid_rows() const { return (rows + block_rows - 1) / block_rows; }
  int32_t grid_columns() const { return (columns + block_columns - 1) / block_columns; }
};

// Candidates of one job, in a fixed order: column order, then chunk; blocks row by row.
struct CandidateSet {
  GateKind gate = GateKind::kFeature;
  std::vector<Candidate> items;
  std::vector<int32_t> must_keep;  // indices into items, ascending
  BlockGrid grid;                  // kBlock only

  int64_t size() const { return static_cast<int64_t>(items.size()); }
};

}  // namespace winnow

#endif  // WINNOW_KERNELS_BASE_CANDIDATE_H_
