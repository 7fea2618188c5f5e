#include "tests/unit/kernels/nn/reference_testing.h"

#include <algorithm>
#include <utility>

#include "kernels/base/rng.h"
#include "kernels/ops/loss.h"
#include "kernels/plan/model_shape.h"

namespace winnow::nn {
namespace {

// Places of a layer's tensors among Network::Tensors().
size_t WeightsAt(const Network& network, size_t layer) {
  return network.embeddings().size() + 2 * layer;
}
size_t BiasAt(const Network& network, size_t layer) { return WeightsAt(network, layer) + 1; }

// The fold of a layer's weights, or null. Of dot products none: their mask is on the vectors.
const gates::WeightFold* FoldAt(const gates::WeightFold* fold, size_t layer) {
  if (fold == nullptr) return nullptr;
  const auto index = static_cast<int32_t>(layer);
  if (fold->layer == index) return fold->input_base.empty() ? fold : nullptr;
  for (const gates::WeightFold& other : fold->others) {
    if (other.layer == index) return &other;
  }
  return nullptr;
}

int32_t CandidateAt(const gates::WeightFold* fold, int32_t row, int32_t column) {
  return fold == nullptr ? -1 : fold->candidate(row, column);
}

// One row, forward and backward; adds to `result`.
class RowEvaluation {
 public:
  RowEvaluation(const Network& network, const Tensors& tensors, const gates::WeightFold* fold,
                const std::vector<double>& mask, LossKind loss, const TestBatch& batch,
                const ReferenceNoise& noise, int64_t row, ReferenceResult& result)
      : network_(network),
        tensors_(tensors),
        fold_(fold),
        mask_(mask),
        loss_(loss),
        batch_(batch),
        noise_(noise),
        row_(row),
        result_(result) {}

  void Run() {
    LoadInput();
    Forward();
    Backward(LossGradient());
  }

 private:
  void LoadInput() {
    const plan::ModelShape& shape = network_.shape();
    const bool apart = network_.has_bottom() || network_.has_dots();
    std::vector<double> x(apart ? shape.dense_width : shape.input_width);
    vectors_.resize(shape.interaction_width);
    int32_t dense = 0, slot = 0;
    for (const plan::InputField& field : shape.fields) {
      for (int32_t r = 0; r < field.rows; ++r) {
        double& value = (apart && field.categorical ? vectors_ : x)[field.first_row + r];
        if (field.categorical) {
          const int32_t code = batch_.codes[row_ * batch_.code_slots + slot];
          value = tensors_[slot][code * field.rows + r];
        } else {
          value = batch_.dense[row_ * batch_.dense_width + dense];
          if (r == 0 && noise_.input) value += noise_.input(row_, dense);
          ++dense;
        }
      }
      if (field.categorical) ++slot;
    }
    inputs_.push_back(std::move(x));
  }

  // The input of the first top layer from inputs_.back(), the bottom layers' output.
  std::vector<double> Join() {
    if (network_.has_bottom()) {
      std::copy(inputs_.back().begin(), inputs_.back().end(), vectors_.begin());
    }
    if (!network_.has_dots()) return network_.has_bottom() ? vectors_ : inputs_.back();
    const int32_t d = network_.shape().embedding_dimension, n = network_.vector_count();
    std::vector<double> v = MaskedVectors();
    std::vector<double> t(v.begin(), v.begin() + d);
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t j = 0; j < i; ++j) {
        double sum = 0;
        for (int32_t k = 0; k < d; ++k) sum += v[i * d + k] * v[j * d + k];
        t.push_back(sum);
      }
    }
    return t;
  }

  std::vector<double> MaskedVectors() const {
    std::vector<double> v = vectors_;
    for (size_t k = 0; fold_ != nullptr && k < fold_->input_base.size(); ++k) {
      if (fold_->input_base[k] >= 0) v[k] *= mask_[fold_->input_base[k]];
    }
    return v;
  }

  // From d(T) to d(V), and what the mask on the vectors gets.
  std::vector<double> Part(std::vector<double> dt) {
    if (!network_.has_dots()) return dt;
    const int32_t d = network_.shape().embedding_dimension, n = network_.vector_count();
    const std::vector<double> v = MaskedVectors();
    std::vector<double> dv(v.size(), 0.0);
    std::copy(dt.begin(), dt.begin() + d, dv.begin());
    size_t pair = d;
    for (int32_t i = 0; i < n; ++i) {
      for (int32_t j = 0; j < i; ++j, ++pair) {
        for (int32_t k = 0; k < d; ++k) {
          dv[i * d + k] += dt[pair] * v[j * d + k];
          dv[j * d + k] += dt[pair] * v[i * d + k];
        }
      }
    }
    for (size_t k = 0; fold_ != nullptr && k < fold_->input_base.size(); ++k) {
      const int32_t c = fold_->input_base[k];
      if (c < 0) continue;
      result_.mask_gradient[c] += vectors_[k] * dv[k];
      dv[k] *= mask_[c];
    }
    return dv;
  }

  void Forward() {
    const size_t last = network_.layers().size() - 1;
    for (size_t l = 0; l <= last; ++l) {
      const DenseLayer& layer = network_.layers()[l];
      const gates::WeightFold* fold = FoldAt(fold_, l);
      if (static_cast<int32_t>(l) == network_.top_layer()) inputs_.back() = Join();
      const std::vector<double>& w = tensors_[WeightsAt(network_, l)];
      std::vector<double> z = tensors_[BiasAt(network_, l)];
      for (int32_t r = 0; r < layer.inputs; ++r) {
        for (int32_t j = 0; j < layer.outputs; ++j) {
          const int32_t c = CandidateAt(fold, r, j);
          z[j] += (c < 0 ? 1.0 : mask_[c]) * inputs_[l][r] * w[r * layer.outputs + j];
        }
      }
      if (l < last) {
        std::vector<double> factors(layer.outputs);
        for (int32_t j = 0; j < layer.outputs; ++j) {
          const double factor =
              noise_.unit_factor ? noise_.unit_factor(row_, static_cast<int32_t>(l), j) : 1.0;
          factors[j] = z[j] > 0 ? factor : 0.0;
          z[j] *= factors[j];
        }
        factors_.push_back(std::move(factors));
      }
      inputs_.push_back(std::move(z));
    }
    result_.outputs.push_back(inputs_.back());
  }

  std::vector<double> LossGradient() {
    const std::vector<double>& z = inputs_.back();
    std::vector<double> dz(z.size());
    const double y = batch_.target[row_];
    double value = 0;
    switch (loss_) {
      case LossKind::kLogistic:
        value = ops::ref::LogisticLoss(z[0], y, dz.data());
        break;
      case LossKind::kSoftmax:
        value = ops::ref::SoftmaxLoss(static_cast<int64_t>(z.size()), z.data(),
                                      static_cast<int64_t>(y), dz.data());
        break;
      case LossKind::kSquared:
        value = ops::ref::SquaredLoss(z[0], y, dz.data());
        break;
    }
    const double scale = batch_.weight[row_] / static_cast<double>(batch_.rows);
    result_.loss += scale * value;
    for (double& d : dz) d *= scale;
    return dz;
  }

  void Backward(std::vector<double> dz) {
    for (size_t l = network_.layers().size(); l-- > 0;) {
      const DenseLayer& layer = network_.layers()[l];
      const gates::WeightFold* fold = FoldAt(fold_, l);
      const std::vector<double>& w = tensors_[WeightsAt(network_, l)];
      std::vector<double>& dw = result_.gradient[WeightsAt(network_, l)];
      std::vector<double>& db = result_.gradient[BiasAt(network_, l)];
      std::vector<double> dx(layer.inputs, 0.0);
      for (int32_t j = 0; j < layer.outputs; ++j) db[j] += dz[j];
      for (int32_t r = 0; r < layer.inputs; ++r) {
        for (int32_t j = 0; j < layer.outputs; ++j) {
          const int32_t c = CandidateAt(fold, r, j);
          const double a = c < 0 ? 1.0 : mask_[c];
          const int64_t e = static_cast<int64_t>(r) * layer.outputs + j;
          dw[e] += a * inputs_[l][r] * dz[j];
          dx[r] += a * w[e] * dz[j];
          if (c >= 0) result_.mask_gradient[c] += inputs_[l][r] * w[e] * dz[j];
        }
      }
      if (static_cast<int32_t>(l) == network_.top_layer()) {
        dx = Part(std::move(dx));
        ScatterToTables(dx);
      }
      if (l == 0) return;
      dx.resize(factors_[l - 1].size());  // of V: the bottom layers' output
      for (size_t r = 0; r < dx.size(); ++r) dx[r] *= factors_[l - 1][r];
      dz = std::move(dx);
    }
  }

  void ScatterToTables(const std::vector<double>& dx) {
    for (const EmbeddingTable& table : network_.embeddings()) {
      const int32_t code = batch_.codes[row_ * batch_.code_slots + table.slot];
      for (int32_t d = 0; d < table.dimension; ++d) {
        result_.gradient[table.slot][code * table.dimension + d] += dx[table.first_row + d];
      }
    }
  }

  const Network& network_;
  const Tensors& tensors_;
  const gates::WeightFold* fold_;
  const std::vector<double>& mask_;
  const LossKind loss_;
  const TestBatch& batch_;
  const ReferenceNoise& noise_;
  const int64_t row_;
  ReferenceResult& result_;
  std::vector<double> vectors_;               // V, before its mask
  std::vector<std::vector<double>> inputs_;   // of every layer, then the logits
  std::vector<std::vector<double>> factors_;  // d(output)/dZ of every hidden unit
};

}  // namespace

void TestBatch::Fill(int64_t begin, int64_t end, int, const BatchRows& out) const {
  for (int64_t i = begin; i < end; ++i) {
    std::copy_n(dense.data() + i * dense_width, dense_width,
                out.dense + (i - begin) * out.dense_stride);
    std::copy_n(codes.data() + i * code_slots, code_slots, out.codes + (i - begin) * code_slots);
    if (out.target != nullptr) out.target[i - begin] = target[i];
    if (out.weight != nullptr) out.weight[i - begin] = weight[i];
  }
}

TestBatch MakeBatch(const plan::ModelShape& shape, LossKind loss, int64_t rows, uint64_t seed) {
  const RngStream random(seed, "test/batch");
  uint64_t draw = 0;
  TestBatch batch;
  batch.rows = rows;
  batch.dense_width = shape.dense_width;
  for (const plan::InputField& field : shape.fields) batch.code_slots += field.categorical ? 1 : 0;
  for (int64_t i = 0; i < rows; ++i) {
    for (const plan::InputField& field : shape.fields) {
      if (field.categorical) {
        const double u = random.Uniform(draw++);
        batch.codes.push_back(static_cast<int32_t>(u * u * static_cast<double>(field.vocabulary)));
        continue;
      }
      for (int32_t r = 0; r < field.rows; ++r) {
        batch.dense.push_back(static_cast<float>(random.Normal(draw++)));
      }
    }
    const double normal = random.Normal(draw++);
    switch (loss) {
      case LossKind::kLogistic:
        batch.target.push_back(normal > 0 ? 1.0f : 0.0f);
        break;
      case LossKind::kSoftmax:
        batch.target.push_back(static_cast<float>(random.Below(draw++, shape.outputs)));
        break;
      case LossKind::kSquared:
        batch.target.push_back(static_cast<float>(normal));
        break;
    }
    batch.weight.push_back(static_cast<float>(0.5 + random.Uniform(draw++)));
  }
  return batch;
}

plan::ModelShape MakeShape(const std::string& fields, std::vector<int32_t> hidden, int32_t outputs,
                           int32_t dimension) {
  plan::ModelShape shape;
  for (int32_t column = 0; column < static_cast<int32_t>(fields.size()); ++column) {
    plan::InputField field;
    field.column = column;
    field.categorical = fields[column] == 'c';
    field.rows = field.categorical ? dimension : fields[column] == 'i' ? 2 : 1;
    field.vocabulary = field.categorical ? 5 + column : 0;
    shape.fields.push_back(field);
  }
  shape.embedding_dimension = dimension;
  shape.hidden_units = std::move(hidden);
  shape.outputs = outputs;
  plan::LayOut(shape);
  return shape;
}

plan::ModelShape MakeDlrm(const std::string& fields, plan::Interaction interaction,
                          std::vector<int32_t> bottom, std::vector<int32_t> top, int32_t outputs,
                          int32_t dimension) {
  plan::ModelShape shape = MakeShape(fields, std::move(top), outputs, dimension);
  shape.kind = plan::ModelKind::kDlrm;
  shape.interaction = interaction;
  shape.bottom_units = std::move(bottom);
  plan::LayOut(shape);
  return shape;
}

CandidateSet FeatureCandidates(const plan::ModelShape& shape) {
  CandidateSet set;
  for (const plan::InputField& field : shape.fields) {
    Candidate candidate;
    candidate.columns = {field.column};
    set.items.push_back(candidate);
  }
  return set;
}

CandidateSet ChunkCandidates(const plan::ModelShape& shape) {
  CandidateSet set;
  set.gate = GateKind::kChunk;
  for (const plan::InputField& field : shape.fields) {
    for (int32_t begin = 0; field.categorical && begin < field.rows; begin += 2) {
      Candidate candidate;
      candidate.columns = {field.column};
      candidate.begin = begin;
      candidate.end = std::min(begin + 2, field.rows);
      set.items.push_back(candidate);
    }
  }
  return set;
}

CandidateSet BlockCandidates(const plan::ModelShape& shape, int32_t layer, int32_t block_rows,
                             int32_t block_columns) {
  CandidateSet set;
  set.gate = GateKind::kBlock;
  const plan::LayerShape extent = plan::Layers(shape)[layer];
  set.grid = {layer, extent.inputs, extent.outputs, block_rows, block_columns};
  set.items.resize(static_cast<size_t>(set.grid.grid_rows()) * set.grid.grid_columns());
  return set;
}

Tensors ToDouble(const Network& network) {
  Tensors tensors;
  for (const TensorView& tensor : network.Tensors()) {
    tensors.emplace_back(tensor.values.begin(), tensor.values.end());
  }
  return tensors;
}

ReferenceResult Evaluate(const Network& network, const Tensors& tensors,
                         const gates::WeightFold* fold, const std::vector<double>& mask,
                         LossKind loss, const TestBatch& batch, const ReferenceNoise& noise) {
  ReferenceResult result;
  for (const std::vector<double>& tensor : tensors)
    result.gradient.emplace_back(tensor.size(), 0.0);
  if (fold != nullptr) result.mask_gradient.assign(fold->num_candidates, 0.0);
  for (int64_t row = 0; row < batch.rows; ++row) {
    RowEvaluation(network, tensors, fold, mask, loss, batch, noise, row, result).Run();
  }
  return result;
}

}  // namespace winnow::nn
