// The same bytes for any number of threads and any order of tasks; and that the comparison would
// notice if they were not.
#include <cstdint>
#include <functional>
#include <numeric>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/ops/half.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/training_testing.h"

namespace winnow::nn {
namespace {

constexpr int kSteps = 50;

// FNV-1a, 64 bit.
class Hash {
 public:
  template <typename T>
  void Add(const T* values, size_t count) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(values);
    for (size_t i = 0; i < count * sizeof(T); ++i) value_ = (value_ ^ bytes[i]) * 0x100000001b3ull;
  }
  uint64_t value() const { return value_; }

 private:
  uint64_t value_ = 0xcbf29ce484222325ull;
};

struct NetCase {
  std::string name;
  plan::ModelShape shape;
  LossKind loss;
  int32_t batch, last_batch;  // rows of a step; of every fifth step
  std::function<CandidateSet(const plan::ModelShape&)> candidates;  // empty: no gate
  bool half = false;                                                // bf16
  bool lazy_rows = true;

  friend void PrintTo(const NetCase& c, std::ostream* out) { *out << c.name; }
};

struct Pool {
  int threads;
  bool stress;
};

// Hash of parameters, moments, losses and mask gradients over all steps. `wrap` may put something
// between the batch and the step.
uint64_t Train(const NetCase& c, Pool pool_kind,
               const std::function<std::unique_ptr<BatchSource>(const TestBatch&)>& wrap = {}) {
  Network network = *Network::Create(c.shape);
  network.Init(3, "test");
  ShardPool pool(pool_kind.threads, ops::UseOneThread, {pool_kind.stress, 99});
  gates::WeightFold fold;
  std::vector<float> mask, mask_gradient;
  if (c.candidates) {
    fold = *MakeFold(c.shape, c.candidates(c.shape));
    mask.resize(fold.num_candidates);
    mask_gradient.resize(fold.num_candidates);
  }
  TrainStepOptions options;
  options.loss = c.loss;
  options.batch_size = c.batch;
  options.stream = "test";
  options.input_noise = 0.1f;
  options.dropout = 0.1f;
  options.half_products = c.half;
  options.optimizer.lazy_rows = c.lazy_rows;
  const auto step = *TrainStep::Create(&network, c.candidates ? &fold : nullptr, options, &pool);

  Hash hash;
  for (int t = 0; t < kSteps; ++t) {
    const int32_t rows = t % 5 == 4 ? c.last_batch : c.batch;
    const TestBatch batch = MakeBatch(c.shape, c.loss, rows, t % 7);
    const auto wrapped = wrap ? wrap(batch) : nullptr;
    // The mask moves, stands still for a while, and freezes some candidates.
    for (size_t m = 0; m < mask.size(); ++m) {
      mask[m] = (m + t / 3) % 5 == 0 ? 0.0f : 0.5f + 0.1f * static_cast<float>((m + t / 3) % 7);
    }
    StepInput input;
    input.step = t;
    input.rows = rows;
    input.learning_rate = 0.01;
    input.weight_decay = 0.5;
    input.mask = mask;
    input.mask_gradient = mask_gradient;
    const BatchSource& source = wrapped ? *wrapped : static_cast<const BatchSource&>(batch);
    const absl::StatusOr<double> loss = step->Run(input, source);
    EXPECT_THAT(loss, test::IsOk());
    if (!loss.ok()) return 0;
    hash.Add(&*loss, 1);
    hash.Add(mask_gradient.data(), mask_gradient.size());
  }
  hash.Add(network.parameters().data(), network.parameters().size());
  Checkpoint moments;
  step->SaveOptimizer("o", moments);
  for (const auto& [name, bytes] : moments.sections()) hash.Add(bytes.data(), bytes.size());
  return hash.value();
}

class DeterminismTest : public ::testing::TestWithParam<NetCase> {};

TEST_P(DeterminismTest, BytesAreTheSameForAnyThreadsAndAnyOrder) {
  if (GetParam().half && !ops::HasHalfProducts()) GTEST_SKIP() << "no AVX-512 BF16 here";
  const uint64_t expected = Train(GetParam(), {1, false});
  EXPECT_EQ(Train(GetParam(), {2, false}), expected);
  EXPECT_EQ(Train(GetParam(), {3, false}), expected);
  EXPECT_EQ(Train(GetParam(), {8, false}), expected);
  EXPECT_EQ(Train(GetParam(), {3, true}), expected);
  EXPECT_EQ(Train(GetParam(), {1, true}), expected);
}

const NetCase kMixed = {
    "MixedFeatureGate", MakeShape("nccinccn", {67}, 1, 8), LossKind::kLogistic, 1000, 488,
    &FeatureCandidates};

INSTANTIATE_TEST_SUITE_P(
    Nets, DeterminismTest,
    ::testing::Values(
        kMixed,
        NetCase{"WideSoftmax",
                MakeShape(std::string(130, 'n'), {67}, 10),
                LossKind::kSoftmax,
                512,
                1,
                {}},
        NetCase{"OneOutputLinear", MakeShape("ncicn", {}, 1), LossKind::kLogistic, 1000, 7, {}},
        NetCase{"TinyWeightsLargeBatch",
                MakeShape(std::string(16, 'n'), {20}, 20),
                LossKind::kSoftmax,
                4096,
                1000,
                {}},
        NetCase{"DlrmDot",
                MakeDlrm("nccinccnccc", plan::Interaction::kDot, {40, 16}, {67, 33}, 1, 16),
                LossKind::kLogistic, 1000, 488, &FeatureCandidates},
        NetCase{"DlrmConcat", MakeDlrm("nccinc", plan::Interaction::kConcat, {40, 9}, {67}, 3, 9),
                LossKind::kSoftmax, 300, 45, &FeatureCandidates},
        NetCase{"AllRowsOfOneTableInParts", MakeShape("cn", {4}, 1, 8), LossKind::kLogistic, 1000,
                488, &FeatureCandidates, false, false},
        NetCase{"ChunkGate", MakeShape("cnccn", {40, 24}, 1, 8), LossKind::kSquared, 300, 45,
                &ChunkCandidates},
        NetCase{"BlockGate", MakeShape(std::string(60, 'n'), {100, 40}, 10), LossKind::kSoftmax,
                128, 100, [](const plan::ModelShape& s) { return BlockCandidates(s, 0, 16, 16); }},
        NetCase{"HalfMixedFeatureGate", MakeShape("nccinccn", {67}, 3, 8), LossKind::kSoftmax, 1000,
                487, &FeatureCandidates, true},
        NetCase{"HalfOddBlockGate", MakeShape(std::string(61, 'n'), {101, 40}, 1),
                LossKind::kLogistic, 333, 1,
                [](const plan::ModelShape& s) { return BlockCandidates(s, 0, 5, 16); }, true},
        NetCase{"HalfDlrmDot",
                MakeDlrm("nccinccnccc", plan::Interaction::kDot, {40, 16}, {67, 33}, 1, 16),
                LossKind::kLogistic, 1000, 487, &FeatureCandidates, true}),
    [](const auto& info) { return info.param.name; });

TEST(DeterminismCheckTest, AnotherSeedOfTheDataChangesTheHash) {
  NetCase other = kMixed;
  other.last_batch = 487;
  EXPECT_NE(Train(kMixed, {1, false}), Train(other, {1, false}));
}

// A planted fault: what a thread has seen before leaks into its next block, as a sum kept by thread
// would. It is far below the noise of training, and the hash must still tell.
class LeakyBatch : public BatchSource {
 public:
  LeakyBatch(const TestBatch& batch, int threads) : batch_(batch), carried_(threads * 16, 0.0f) {}
  void Fill(int64_t begin, int64_t end, int thread, const BatchRows& out) const override {
    batch_.Fill(begin, end, thread, out);
    float& carried = carried_[thread * 16];
    for (int64_t i = 0; i < end - begin; ++i) {
      carried += 1e-6f * out.dense[i * out.dense_stride];
      out.dense[i * out.dense_stride] += carried;
    }
  }

 private:
  const TestBatch& batch_;
  mutable std::vector<float> carried_;
};

TEST(DeterminismCheckTest, SumKeptByThreadIsCaught) {
  const auto leak = [](int threads) {
    return [threads](const TestBatch& batch) -> std::unique_ptr<BatchSource> {
      return std::make_unique<LeakyBatch>(batch, threads);
    };
  };
  const uint64_t one = Train(kMixed, {1, false}, leak(1));
  EXPECT_NE(one, Train(kMixed, {1, true}, leak(1)));
  EXPECT_NE(one, Train(kMixed, {3, true}, leak(3)));
}

// The other planted fault: a pool whose threads were not limited. Its bytes may even agree by luck
// on a machine, so it is refused and not compared.
TEST(DeterminismCheckTest, PoolWithoutTheThreadRuleIsRefused) {
  std::thread([] {
    ops::SetThreadLimitForTest(2);
    const plan::ModelShape shape = MakeShape("nn", {20}, 1);
    Network network = *Network::Create(shape);
    ShardPool pool(1);
    TrainStepOptions options;
    options.batch_size = 64;
    const auto step = *TrainStep::Create(&network, nullptr, options, &pool);
    StepInput input;
    input.rows = 64;
    EXPECT_THAT(step->Run(input, MakeBatch(shape, LossKind::kLogistic, 64, 1)),
                test::StatusIs(absl::StatusCode::kFailedPrecondition,
                               ::testing::HasSubstr("more than one OpenMP thread")));
  }).join();
}

}  // namespace
}  // namespace winnow::nn
