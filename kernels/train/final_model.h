// The tensors of the final model, by the names of the export.
#ifndef WINNOW_KERNELS_TRAIN_FINAL_MODEL_H_
#define WINNOW_KERNELS_TRAIN_FINAL_MODEL_H_

#include <map>
#include <string>

#include "kernels/export/safetensors.h"
#include "kernels/train/evaluate.h"
#include "kernels/train/job_context.h"

namespace winnow::train {

// A block mask is folded into the weights it multiplies.
std::map<std::string, exporting::Tensor> FinalModel(const JobContext& context,
                                                    const MaskedModel& model);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_FINAL_MODEL_H_
