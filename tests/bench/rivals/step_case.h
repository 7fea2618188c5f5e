// A training case that both sides of a comparison read from one folder, so that they start from the
// same weights and see the same batches.
//
//   case.txt      key=value lines: dense, fields, vocabulary, dimension, hidden (a,b), outputs,
//                 batch, batches, optimizer (adam, lazy_adam, adagrad, sgd), rate, epsilon
//   weights.bin   f32: W_0 [inputs x outputs], b_0, W_1, ...
//   tables.bin    f32 [fields x vocabulary x dimension]
//   dense.bin     f32 [batches * batch x dense]
//   codes.bin     i32 [batches * batch x fields]
//   target.bin    f32 [batches * batch]
// Inputs of the first layer: the dense values, then the embedding of each field.
#ifndef WINNOW_TESTS_BENCH_RIVALS_STEP_CASE_H_
#define WINNOW_TESTS_BENCH_RIVALS_STEP_CASE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/base/candidate.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/network.h"
#include "kernels/nn/train_step.h"

namespace winnow::bench {

struct StepCase {
  int32_t dense = 0, fields = 0, vocabulary = 0, dimension = 0;
  std::vector<int32_t> hidden;
  int32_t outputs = 1, batch = 0, batches = 0;
  std::string optimizer;
  double rate = 0, epsilon = 0;

  std::vector<float> weights, tables, dense_values, targets;
  std::vector<int32_t> codes;

  int32_t candidates() const { return dense + fields; }
};

// NOT_FOUND or INVALID_ARGUMENT naming the file and what is wrong with it.
absl::StatusOr<StepCase> LoadStepCase(const std::string& folder);

plan::ModelShape ShapeOf(const StepCase& c);
// One candidate for each dense value and each field.
CandidateSet CandidatesOf(const StepCase& c);
absl::StatusOr<ops::OptimizerSettings> OptimizerOf(const StepCase& c);
void CopyWeights(const StepCase& c, nn::Network& network);

// Batch number `index` modulo the number of batches. OWNERSHIP: the case outlives this.
class CaseBatches : public nn::BatchSource {
 public:
  explicit CaseBatches(const StepCase* c) : case_(c) {}
  void Fill(int64_t begin, int64_t end, int thread, const nn::BatchRows& out) const override;
  int64_t index = 0;

 private:
  const StepCase* case_;
};

}  // namespace winnow::bench

#endif  // WINNOW_TESTS_BENCH_RIVALS_STEP_CASE_H_
