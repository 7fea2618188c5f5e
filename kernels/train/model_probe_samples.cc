// The parts of NetworkProbe that look at rows: columns, residuals, gradients of inputs, shuffles.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>

#include "kernels/base/rng.h"
#include "kernels/base/status.h"
#include "kernels/ops/dense.h"
#include "kernels/train/model_probe.h"
#include "kernels/train/permuted_source.h"

namespace winnow::train {
namespace {

using nn::GradientBlock;

size_t Blocks(int64_t rows) {
  return static_cast<size_t>((rows + nn::kPredictBlockRows - 1) / nn::kPredictBlockRows);
}

// sums[c] += x . delta of candidate c's inputs, of one row.
void AddProducts(const gates::WeightFold& fold, const float* x, const float* delta, double* sums) {
  for (int32_t r = 0; r < fold.rows; ++r) {
    if (fold.row_base[r] >= 0) sums[fold.row_base[r]] += static_cast<double>(x[r]) * delta[r];
  }
}

// Residuals and codes of a sample, with X^T R by block.
struct Residuals {
  int64_t outputs = 0;
  std::vector<float> values;  // R [n x outputs]
  std::vector<int32_t> codes;
  std::vector<float> products;  // [blocks][input_width x outputs]
};

// || sum of R over the rows of a code ||^2 / rows of the code, summed over codes; and the number of
// codes that occur.
std::pair<double, int64_t> CodeSquares(const Residuals& residuals, int64_t slot, int64_t slots,
                                       int64_t vocabulary) {
  const auto outputs = static_cast<size_t>(residuals.outputs);
  std::vector<double> sums(static_cast<size_t>(vocabulary) * outputs);
  std::vector<int64_t> counts(static_cast<size_t>(vocabulary));
  const size_t rows = residuals.values.size() / outputs;
  for (size_t n = 0; n < rows; ++n) {
    const auto code = static_cast<size_t>(residuals.codes[n * slots + slot]);
    ++counts[code];
    for (size_t j = 0; j < outputs; ++j) {
      sums[code * outputs + j] += residuals.values[n * outputs + j];
    }
  }
  double total = 0;
  int64_t seen = 0;
  for (size_t code = 0; code < counts.size(); ++code) {
    if (counts[code] == 0) continue;
    ++seen;
    double square = 0;
    for (size_t j = 0; j < outputs; ++j) {
      square += sums[code * outputs + j] * sums[code * outputs + j];
    }
    total += square / static_cast<double>(counts[code]);
  }
  return {total, seen};
}

}  // namespace

ColumnSample& NetworkProbe::Columns(int64_t max_rows) {
  if (columns_.max_rows != max_rows) {
    columns_.rows.emplace(context_, network_.shape(), max_rows);
    columns_.max_rows = max_rows;
  }
  return *columns_.rows;
}

absl::StatusOr<nn::GradientPass*> NetworkProbe::Gradients() {
  if (gradients_ == nullptr) {
    ASSIGN_OR_RETURN(gradients_, nn::GradientPass::Create(&network_, &fold_, context_.pool));
  }
  return gradients_.get();
}

absl::Status NetworkProbe::Inputs(int32_t candidate, int64_t max_rows,
                                  std::vector<InputColumn>& out) {
  Columns(max_rows).Inputs(candidate, out);
  return absl::OkStatus();
}

absl::Status NetworkProbe::Targets(int64_t max_rows, TargetSample& out) {
  out = Columns(max_rows).Targets();
  return absl::OkStatus();
}

absl::Status NetworkProbe::BatchInputs(int64_t max_rows, std::vector<float>& out) {
  if (batch_ == nullptr || fold_.kind == GateKind::kBlock || network_.has_bottom() ||
      network_.has_dots()) {
    return absl::UnimplementedError("there is no batch whose inputs belong to candidates");
  }
  const plan::ModelShape& shape = network_.shape();
  const int64_t rows = std::min(max_rows, batch_rows_), width = shape.dense_width;
  const auto slots = static_cast<int64_t>(network_.embeddings().size());
  std::vector<float> dense(static_cast<size_t>(rows * width));
  std::vector<int32_t> codes(static_cast<size_t>(rows * slots));
  batch_->Fill(0, rows, 0, {.dense = dense.data(), .dense_stride = width, .codes = codes.data()});
  std::vector<int32_t> inputs(static_cast<size_t>(num_candidates()));
  for (const int32_t c : fold_.row_base) {
    if (c >= 0) ++inputs[c];
  }
  out.assign(static_cast<size_t>(rows * num_candidates()), 0.0f);
  for (int64_t i = 0; i < rows; ++i) {
    float* row = out.data() + i * num_candidates();
    int64_t at = 0, slot = 0;
    for (const plan::InputField& field : shape.fields) {
      const float* x = dense.data() + i * width + at;
      if (field.categorical) {
        x = network_.table(static_cast<int32_t>(slot)) +
            static_cast<int64_t>(codes[i * slots + slot]) * field.rows;
        ++slot;
      } else {
        at += field.rows;
      }
      for (int32_t r = 0; r < field.rows; ++r) {
        const int32_t c = fold_.row_base[field.first_row + r];
        if (c >= 0) row[c] += x[r] / static_cast<float>(inputs[c]);
      }
    }
  }
  return absl::OkStatus();
}

absl::Status NetworkProbe::ResidualCorrelations(std::span<const float> mask, int64_t max_rows,
                                                std::span<float> out) {
  if (training_sample_.max_rows != max_rows) {
    const auto rows = EvenlySpaced(context_.table->train_rows(), max_rows);
    training_sample_.rows.emplace(context_, network_.shape(), rows);
    training_sample_.max_rows = max_rows;
  }
  const CachedSource& source = *training_sample_.rows;
  const plan::ModelShape& shape = network_.shape();
  const int64_t n = source.rows(), slots = source.num_categorical();
  Residuals residuals;
  residuals.outputs = shape.outputs;
  residuals.values.resize(static_cast<size_t>(n * shape.outputs));
  residuals.codes.resize(static_cast<size_t>(n * slots));
  const int64_t product = static_cast<int64_t>(shape.input_width) * shape.outputs;
  residuals.products.resize(Blocks(n) * static_cast<size_t>(product));
  ASSIGN_OR_RETURN(nn::GradientPass * gradients, Gradients());
  RETURN_IF_ERROR(gradients->Run(
      context_.loss, source, n, mask, /*with_delta=*/false, [&](const GradientBlock& block) {
        const nn::RowMatrices& rows = *block.rows;
        const int64_t count = block.end - block.begin;
        const nn::RowMatrix& r = rows.gradient.back();
        for (int64_t i = 0; i < count; ++i) {
          std::copy_n(r.row(i), shape.outputs,
                      &residuals.values[(block.begin + i) * shape.outputs]);
        }
        std::copy_n(rows.codes.data(), count * slots, residuals.codes.data() + block.begin * slots);
        ops::DenseWeightGradient(count, shape.input_width, shape.outputs, rows.input.data,
                                 rows.input.stride, r.data, r.stride,
                                 residuals.products.data() + block.index * product);
      }));

  double noise = 0;  // what a column without effect takes up: ||R||^2 / n
  for (const float r : residuals.values) noise += static_cast<double>(r) * r;
  noise /= static_cast<double>(n);
  std::vector<double> squares(out.size());
  std::vector<int64_t> columns(out.size());
  int64_t slot = 0;
  for (const plan::InputField& field : shape.fields) {
    const int32_t c = fold_.row_base[field.first_row];
    const int64_t at = field.categorical ? slot++ : 0;
    if (c < 0) continue;
    if (field.categorical) {
      const auto [square, seen] = CodeSquares(residuals, at, slots, field.vocabulary);
      squares[c] += square;
      columns[c] += std::max<int64_t>(1, seen - 1);
      continue;
    }
    columns[c] += field.rows;
    for (int64_t j = static_cast<int64_t>(field.first_row) * shape.outputs;
         j < static_cast<int64_t>(field.first_row + field.rows) * shape.outputs; ++j) {
      double sum = 0;
      for (size_t block = 0; block < Blocks(n); ++block) {
        sum += residuals.products[static_cast<int64_t>(block) * product + j];
      }
      squares[c] += sum * sum / static_cast<double>(n);
    }
  }
  for (size_t c = 0; c < out.size(); ++c) {
    const double expected = noise * static_cast<double>(std::max<int64_t>(0, columns[c] - 1));
    out[c] = static_cast<float>(std::sqrt(std::max(0.0, squares[c] - expected)));
  }
  return absl::OkStatus();
}

absl::Status NetworkProbe::ValidationMaskGradient(int64_t draw, std::span<const float> mask,
                                                  std::span<float> out) {
  RETURN_IF_ERROR(NeedValidationRows());
  const data::RowSet& validation = context_.table->validation_rows();
  if (!validation_batches_) {
    const int64_t batch = std::min<int64_t>(static_cast<int64_t>(validation.size()),
                                            std::max<int64_t>(1, context_.plan->selection_batch));
    validation_batches_.emplace(validation, context_.seed(), "shuffle/gates",
                                data::BatchOptions{.batch_size = static_cast<int32_t>(batch)});
  }
  const std::span<const uint32_t> rows = validation_batches_->Batch(draw);
  source_.SetRows(rows);
  const auto n = static_cast<int64_t>(rows.size());
  std::vector<double> sums(Blocks(n) * out.size());
  ASSIGN_OR_RETURN(nn::GradientPass * gradients, Gradients());
  RETURN_IF_ERROR(gradients->Run(
      context_.loss, source_, n, mask, /*with_delta=*/true, [&](const GradientBlock& block) {
        double* mine = &sums[static_cast<size_t>(block.index) * out.size()];
        for (int64_t i = 0; i < block.end - block.begin; ++i) {
          AddProducts(fold_, block.rows->input.row(i), block.delta.row(i), mine);
        }
      }));
  for (size_t c = 0; c < out.size(); ++c) {
    double sum = 0;
    for (size_t block = 0; block < Blocks(n); ++block) sum += sums[block * out.size() + c];
    out[c] = static_cast<float>(sum / static_cast<double>(n));
  }
  return absl::OkStatus();
}

absl::Status NetworkProbe::Saliency(int64_t max_rows, std::span<float> out) {
  RETURN_IF_ERROR(NeedValidationRows());
  const auto rows = EvenlySpaced(context_.table->validation_rows(), max_rows);
  source_.SetRows(rows);
  const auto n = static_cast<int64_t>(rows.size());
  const auto width = static_cast<size_t>(fold_.rows);
  const std::vector<float> ones(out.size(), 1.0f);
  ASSIGN_OR_RETURN(nn::GradientPass * gradients, Gradients());

  std::vector<double> partial(Blocks(n) * width), mean(width);
  RETURN_IF_ERROR(gradients->Run(
      context_.loss, source_, n, ones, /*with_delta=*/false, [&](const GradientBlock& block) {
        double* mine = &partial[static_cast<size_t>(block.index) * width];
        for (int64_t i = 0; i < block.end - block.begin; ++i) {
          const float* x = block.rows->input.row(i);
          for (size_t r = 0; r < width; ++r) mine[r] += x[r];
        }
      }));
  for (size_t r = 0; r < width; ++r) {
    for (size_t block = 0; block < Blocks(n); ++block) mean[r] += partial[block * width + r];
    mean[r] /= static_cast<double>(n);
  }

  std::vector<double> sums(Blocks(n) * out.size());
  RETURN_IF_ERROR(gradients->Run(
      context_.loss, source_, n, ones, /*with_delta=*/true, [&](const GradientBlock& block) {
        double* mine = &sums[static_cast<size_t>(block.index) * out.size()];
        std::vector<float> offset(width);
        std::vector<double> change(out.size());
        for (int64_t i = 0; i < block.end - block.begin; ++i) {
          const float* x = block.rows->input.row(i);
          for (size_t r = 0; r < width; ++r) offset[r] = static_cast<float>(mean[r] - x[r]);
          std::fill(change.begin(), change.end(), 0.0);
          AddProducts(fold_, offset.data(), block.delta.row(i), change.data());
          for (size_t c = 0; c < change.size(); ++c) mine[c] += std::abs(change[c]);
        }
      }));
  for (size_t c = 0; c < out.size(); ++c) {
    double sum = 0;
    for (size_t block = 0; block < Blocks(n); ++block) sum += sums[block * out.size() + c];
    out[c] = static_cast<float>(sum / static_cast<double>(n));
  }
  return absl::OkStatus();
}

absl::StatusOr<double> NetworkProbe::PermutedLoss(int32_t candidate, int64_t draw,
                                                  int64_t max_rows) {
  RETURN_IF_ERROR(NeedValidationRows());
  if (permuted_.max_rows != max_rows) {
    const auto rows = EvenlySpaced(context_.table->validation_rows(), max_rows);
    permuted_.rows.emplace(context_, network_.shape(), rows);
    permuted_.max_rows = max_rows;
  }
  const CachedSource& rows = *permuted_.rows;
  if (candidate < 0) return predictor_->MeanLoss(context_.loss, rows, rows.rows(), {});
  const auto n = static_cast<uint64_t>(rows.rows());
  const RngStream stream(context_.seed(), "select/shuffles");
  const uint64_t which =
      static_cast<uint64_t>(draw * num_candidates()) + static_cast<uint64_t>(candidate);
  const PermutedSource source(rows, network_.shape(),
                              context_.plan->candidates.items[candidate].columns,
                              stream.Permutation(static_cast<uint32_t>(n), which * n));
  return predictor_->MeanLoss(context_.loss, source, rows.rows(), {});
}

}  // namespace winnow::train
