// What every part of a running job refers to.
#ifndef WINNOW_KERNELS_TRAIN_JOB_CONTEXT_H_
#define WINNOW_KERNELS_TRAIN_JOB_CONTEXT_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "kernels/base/shard_pool.h"
#include "kernels/base/stop_token.h"
#include "kernels/data/training_table.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/plan/plan.h"

namespace winnow::train {

class CompactColumns;
class WarmStart;

// OWNERSHIP: everything outlives the context's users.
struct JobContext {
  const plan::Plan* plan = nullptr;
  const data::TrainingTable* table = nullptr;
  ShardPool* pool = nullptr;
  const StopToken* stop = nullptr;
  nn::LossKind loss = nn::LossKind::kLogistic;
  double mean_weight = 1;                   // of the sample weights of training rows
  int32_t repeat = 0;                       // of the selection
  int32_t trial = -1;                       // whose value of a tuned parameter holds; -1: none
  const WarmStart* warm = nullptr;          // none: models start from their usual initial values
  const CompactColumns* compact = nullptr;  // read instead of the table where it has the columns

  uint64_t seed() const { return plan->spec.training.seed.value() + static_cast<uint64_t>(repeat); }
  // Training steps multiply in bf16; evaluations are in f32 always.
  bool half_products() const {
    return plan->spec.training.precision.value() == plan::Precision::kBf16;
  }
  // CANCELLED once the job is to end now; asked between pieces of long evaluations.
  absl::Status CheckCancelled() const {
    if (stop->requested() != StopRequest::kCancel) return absl::OkStatus();
    return absl::CancelledError("the job was cancelled");
  }
};

// The section of checkpoints that holds the context's stage: of its repeat, or of its trial.
std::string StageSection(const JobContext& context);

// All of `rows` when they are at most `limit`, else `limit` evenly spaced ones.
std::vector<uint32_t> EvenlySpaced(const data::RowSet& rows, int64_t limit);

// Mean sample weight of the rows; 1 for tables without weights.
double MeanWeight(const data::PackedTable& table, const data::RowSet& rows);
double MeanWeight(const data::PackedTable& table, std::span<const uint32_t> rows);

}  // namespace winnow::train

#endif  // WINNOW_KERNELS_TRAIN_JOB_CONTEXT_H_
