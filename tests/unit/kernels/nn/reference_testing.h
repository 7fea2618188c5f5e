// The model in plain double-precision loops, with the mask where its definition puts it: on the
// inputs (features, chunks; of dot products on their vectors) or on the weights (blocks), never
// folded. What the fast step is
// compared with; its own gradients are compared with finite differences.
#ifndef WINNOW_TESTS_UNIT_KERNELS_NN_REFERENCE_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_NN_REFERENCE_TESTING_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "kernels/gates/weight_fold.h"
#include "kernels/nn/batch_source.h"
#include "kernels/nn/loss_kind.h"
#include "kernels/nn/network.h"
#include "kernels/plan/plan.h"

namespace winnow::nn {

// A batch held in memory; the source of every test.
struct TestBatch : BatchSource {
  void Fill(int64_t begin, int64_t end, int thread, const BatchRows& out) const override;

  int64_t rows = 0;
  int32_t dense_width = 0, code_slots = 0;
  std::vector<float> dense;    // [rows x dense_width]
  std::vector<int32_t> codes;  // [rows x code_slots]
  std::vector<float> target, weight;
};

// Random rows for the model: N(0, 1) values, skewed codes, targets of the loss's kind, weights in
// [0.5, 1.5].
TestBatch MakeBatch(const plan::ModelShape& shape, LossKind loss, int64_t rows, uint64_t seed);

// Mixed shapes. `fields`: a letter a column: 'n' numeric, 'i' numeric with indicator, 'c'
// categorical with a vocabulary of 5 + column and the given dimension.
plan::ModelShape MakeShape(const std::string& fields, std::vector<int32_t> hidden, int32_t outputs,
                           int32_t dimension = 3);

// The same fields before a dlrm. `bottom`: all its bottom layers, the last of `dimension` units.
plan::ModelShape MakeDlrm(const std::string& fields, plan::Interaction interaction,
                          std::vector<int32_t> bottom, std::vector<int32_t> top, int32_t outputs,
                          int32_t dimension = 3);

// Candidates of every kind for a shape.
CandidateSet FeatureCandidates(const plan::ModelShape& shape);
CandidateSet ChunkCandidates(const plan::ModelShape& shape);
CandidateSet BlockCandidates(const plan::ModelShape& shape, int32_t layer, int32_t block_rows,
                             int32_t block_columns);

// Tensors in double, in the order and layout of Network::Tensors().
using Tensors = std::vector<std::vector<double>>;
Tensors ToDouble(const Network& network);

struct ReferenceResult {
  double loss = 0;                           // (1/rows) sum weight_i loss_i
  Tensors gradient;                          // of every tensor
  std::vector<double> mask_gradient;         // of every candidate
  std::vector<std::vector<double>> outputs;  // logits by row
};

// What the tests of noise put between: a value added to input (row, column of X), and a factor of
// hidden unit (row, layer, unit). Either may be empty.
struct ReferenceNoise {
  std::function<double(int64_t row, int32_t dense_column)> input;
  std::function<double(int64_t row, int32_t layer, int32_t unit)> unit_factor;
};

// `fold` may be null; `mask` has one entry a candidate.
ReferenceResult Evaluate(const Network& network, const Tensors& tensors,
                         const gates::WeightFold* fold, const std::vector<double>& mask,
                         LossKind loss, const TestBatch& batch, const ReferenceNoise& noise = {});

}  // namespace winnow::nn

#endif  // WINNOW_TESTS_UNIT_KERNELS_NN_REFERENCE_TESTING_H_
