// An activity of several parts, one after the other: what it tells is of the part at hand, and its
// steps and rows are those of all parts so far.
#ifndef WINNOW_KERNELS_TRAIN_PARTS_H_
#define WINNOW_KERNELS_TRAIN_PARTS_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/train/activity.h"
#include "kernels/train/byte_codec.h"

namespace winnow::train {

class Parts : public Activity {
 public:
  int64_t steps_done() const final { return steps_before_ + present().steps_done(); }
  int64_t samples_done() const final { return samples_before_ + present().samples_done(); }
  double loss() const final { return present().loss(); }
  int64_t picked() const final { return present().picked(); }
  std::string phase() const override { return present().phase(); }
  std::vector<std::pair<std::string, double>> top_scores() const final {
    return present().top_scores();
  }

 protected:
  virtual const Activity& present() const = 0;
  // Adds the steps and rows of the part that ends. REQUIRES: it is the present one still.
  void EndPart() {
    const int64_t steps = steps_done(), samples = samples_done();
    steps_before_ = steps;
    samples_before_ = samples;
  }
  void WriteCounts(ByteWriter& out) const {
    out.Value(steps_before_);
    out.Value(samples_before_);
  }
  void ReadCounts(ByteReader& in) {
    steps_before_ = in.Value<int64_t>();
    samples_before_ = in.Value<int64_t>();
  }

 private:
  int64_t steps_before_ = 0, samples_before_ = 0;  // of the parts that have ended
};

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_PARTS_H_
