// The inputs of a model for one row of the table, side by side: numeric inputs, codes, target and
// weight, four bytes each. Rows of one layout serve every model that reads some of its columns.
#ifndef WINNOW_KERNELS_TRAIN_ROW_LAYOUT_H_
#define WINNOW_KERNELS_TRAIN_ROW_LAYOUT_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "kernels/nn/batch_source.h"
#include "kernels/plan/plan.h"

namespace winnow::train {

// THREAD-SAFETY: const members from any thread.
class RowLayout {
 public:
  // Where the inputs of a model stand in a row.
  struct View {
    std::vector<int32_t> dense, codes;
    bool is_whole = false;  // all of them, in order
  };
  // Room for the parts of rows before they are laid side by side.
  struct Scratch {
    std::vector<int32_t> codes;
    std::vector<float> target, weight;
  };

  RowLayout() = default;
  // Of the columns of `shape`.
  explicit RowLayout(const plan::ModelShape& shape);

  // Floats of a row.
  int64_t stride() const { return stride_; }

  // None when a column is missing here.
  std::optional<View> ViewOf(const plan::ModelShape& shape) const;

  // Row i of `out` from the row at `in`. REQUIRES: `view` is of this.
  void Read(const View& view, const float* in, int64_t i, const nn::BatchRows& out) const;

  // Rows [begin, end) of `source`, a source of this layout's shape, to `rows` [n x stride].
  // Allocates only when `scratch` has had fewer rows before.
  void Write(const nn::BatchSource& source, int64_t begin, int64_t end, int thread,
             Scratch& scratch, float* rows) const;

 private:
  struct Place {
    int32_t offset = 0, length = 0;
  };

  int32_t dense_width_ = 0, num_codes_ = 0, stride_ = 2;
  std::map<int32_t, Place> places_;  // by column
};

// A shape with the fields of all `shapes`, in column order; for reading rows, not for a model.
plan::ModelShape UnionOfFields(std::span<const plan::ModelShape* const> shapes);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_ROW_LAYOUT_H_
