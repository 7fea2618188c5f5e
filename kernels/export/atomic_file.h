// Results are written as the checkpoints are: whole or not at all.
#ifndef WINNOW_KERNELS_EXPORT_ATOMIC_FILE_H_
#define WINNOW_KERNELS_EXPORT_ATOMIC_FILE_H_

#include "kernels/base/atomic_file.h"

namespace winnow::exporting {

using winnow::WriteFileAtomically;

}  // namespace winnow::exporting

#endif  // WINNOW_KERNELS_EXPORT_ATOMIC_FILE_H_
