#include "kernels/nn/network.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/plan/model_shape.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/nn/reference_testing.h"

namespace winnow::nn {
namespace {

using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(NetworkTest, TensorsHaveNamesShapesAndAlignedPlaces) {
  ASSERT_OK_AND_ASSIGN(const Network network, Network::Create(MakeShape("nci", {4}, 2)));
  std::vector<std::string> names;
  for (const TensorView& tensor : network.Tensors()) {
    names.push_back(tensor.name);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.values.data()) % 64, 0u) << tensor.name;
  }
  EXPECT_THAT(names, ElementsAre("embedding_1/table", "dense_0/weights", "dense_0/bias",
                                 "dense_1/weights", "dense_1/bias"));
  EXPECT_THAT(network.Tensors()[0].shape, ElementsAre(6, 3));
  EXPECT_THAT(network.Tensors()[1].shape, ElementsAre(6, 4));
  EXPECT_EQ(network.parameter_count(), 6 * 3 + (6 + 1) * 4 + (4 + 1) * 2);
  EXPECT_EQ(network.LayerIndex("dense_1"), 1);
  EXPECT_EQ(network.LayerIndex("dense_2"), -1);
}

TEST(NetworkTest, FieldsMayHaveDifferentWidths) {
  plan::ModelShape shape = MakeShape("cc", {4}, 1);
  shape.fields[0].rows = 1;
  shape.fields[1].rows = 5;
  plan::LayOut(shape);
  ASSERT_OK_AND_ASSIGN(const Network network, Network::Create(shape));
  EXPECT_EQ(network.embeddings()[0].dimension, 1);
  EXPECT_EQ(network.embeddings()[1].dimension, 5);
  EXPECT_EQ(network.embeddings()[1].first_row, 1);
}

TEST(NetworkTest, ContradictoryAndUnbuiltShapesAreRefused) {
  const auto status = [](auto change) {
    plan::ModelShape shape = MakeShape("nci", {4}, 2);
    change(shape);
    return Network::Create(shape).status();
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(status([](auto& s) { s.kind = plan::ModelKind::kDeepFm; }),
              StatusIs(absl::StatusCode::kUnimplemented));
  EXPECT_THAT(status([](auto& s) { s.kind = plan::ModelKind::kLinear; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.fields[1].first_row = 2; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.fields[1].vocabulary = 0; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.fields[0].rows = 3; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.input_width = 9; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.dense_width = 1; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.hidden_units = {0}; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.outputs = 0; }), StatusIs(invalid));
  EXPECT_THAT(Network::Create(plan::ModelShape{}), StatusIs(invalid));
}

TEST(NetworkTest, DlrmCountsItsLayersFromTheInput) {
  ASSERT_OK_AND_ASSIGN(const Network network,
                       Network::Create(MakeDlrm("cinc", plan::Interaction::kDot, {6, 3}, {5}, 1)));
  std::vector<std::vector<int32_t>> widths;
  for (const DenseLayer& layer : network.layers()) widths.push_back({layer.inputs, layer.outputs});
  // Two numeric fields of 3 inputs; three vectors have 3 products.
  EXPECT_EQ(widths, (std::vector<std::vector<int32_t>>{{3, 6}, {6, 3}, {3 + 3, 5}, {5, 1}}));
  EXPECT_EQ(network.top_layer(), 2);
  EXPECT_EQ(network.layers()[2].name, "dense_2");
  EXPECT_EQ(network.embeddings()[1].first_row, 6);
  EXPECT_EQ(network.embeddings()[1].place, 2 * 16);
}

TEST(NetworkTest, DlrmWithoutNumbersHasNoBottomLayers) {
  plan::ModelShape shape = MakeDlrm("cnc", plan::Interaction::kDot, {6, 3}, {5}, 1);
  shape.fields.erase(shape.fields.begin() + 1);
  plan::LayOut(shape);
  ASSERT_OK_AND_ASSIGN(const Network network, Network::Create(shape));
  EXPECT_EQ(network.top_layer(), 0);
  EXPECT_EQ(network.layers()[0].inputs, 3 + 1);
}

TEST(NetworkTest, DlrmThatContradictsItselfIsRefused) {
  const auto status = [](auto change) {
    plan::ModelShape shape = MakeDlrm("cnc", plan::Interaction::kDot, {6, 3}, {5}, 1);
    change(shape);
    plan::LayOut(shape);
    return Network::Create(shape).status();
  };
  const auto invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_THAT(status([](auto& s) { s.bottom_units = {6, 4}; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.bottom_units = {}; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.fields[0].rows = 4; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.kind = plan::ModelKind::kMlp; }), StatusIs(invalid));
  EXPECT_THAT(status([](auto& s) { s.fields.clear(); }), StatusIs(invalid));
  EXPECT_OK(status([](auto&) {}));
}

TEST(NetworkInitTest, ValuesDependOnSeedStreamAndTensorAlone) {
  ASSERT_OK_AND_ASSIGN(Network a, Network::Create(MakeShape("nci", {4}, 2)));
  ASSERT_OK_AND_ASSIGN(Network b, Network::Create(MakeShape("nci", {4}, 2)));
  a.Init(1, "init/select");
  b.Init(1, "init/select");
  EXPECT_EQ(ToDouble(a), ToDouble(b));
  b.Init(1, "init/retrain");
  EXPECT_NE(ToDouble(a), ToDouble(b));
  b.Init(2, "init/select");
  EXPECT_NE(ToDouble(a), ToDouble(b));
}

// Uniform on (-c, c): mean 0 with standard error c / sqrt(3 n), variance c^2 / 3.
TEST(NetworkInitTest, DenseWeightsAreGlorotUniform) {
  ASSERT_OK_AND_ASSIGN(Network network,
                       Network::Create(MakeShape(std::string(200, 'n'), {100}, 1)));
  network.Init(1, "test");
  const double limit = std::sqrt(6.0 / 300);
  constexpr int64_t kCount = 200 * 100;
  double mean = 0, square = 0, largest = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    const double value = network.weights(0)[i];
    mean += value / kCount;
    square += value * value / kCount;
    largest = std::fmax(largest, std::fabs(value));
  }
  EXPECT_LE(largest, limit);
  EXPECT_GT(largest, 0.999 * limit);
  EXPECT_NEAR(mean, 0, 4 * limit / std::sqrt(3.0 * kCount));
  // Variance of x^2 is c^4 (1/5 - 1/9).
  EXPECT_NEAR(square, limit * limit / 3, 4 * limit * limit * std::sqrt(4.0 / 45 / kCount));
  for (int32_t j = 0; j < 100; ++j) EXPECT_EQ(network.bias(0)[j], 0.0f);
}

// The contribution of a field, x W of its rows, must be of one size for a standardised numeric
// input and for embeddings of any dimension: squared length 1 on average.
TEST(NetworkInitTest, EmbeddingRowsHaveUnitLengthWhateverTheirDimension) {
  for (const int32_t dimension : {1, 4, 16}) {
    plan::ModelShape shape = MakeShape("c", {4}, 1, dimension);
    shape.fields[0].vocabulary = 20000;
    ASSERT_OK_AND_ASSIGN(Network network, Network::Create(shape));
    network.Init(1, "test");
    double length = 0;
    for (int64_t i = 0; i < 20000 * dimension; ++i) {
      length += std::pow(network.table(0)[i], 2) / 20000;
    }
    // A squared length has variance 2 / d.
    EXPECT_NEAR(length, 1, 4 * std::sqrt(2.0 / dimension / 20000)) << dimension;
  }
}

TEST(NetworkSaveTest, LoadedNetworkIsTheSavedOne) {
  ASSERT_OK_AND_ASSIGN(Network a, Network::Create(MakeShape("nci", {4}, 2)));
  ASSERT_OK_AND_ASSIGN(Network b, Network::Create(MakeShape("nci", {4}, 2)));
  a.Init(1, "test");
  Checkpoint checkpoint;
  a.Save("select/network", checkpoint);
  EXPECT_TRUE(checkpoint.Has("select/network/dense_0/weights"));
  ASSERT_OK(b.Load("select/network", checkpoint));
  EXPECT_EQ(ToDouble(a), ToDouble(b));
  EXPECT_THAT(b.Load("other", checkpoint), StatusIs(absl::StatusCode::kNotFound));

  ASSERT_OK_AND_ASSIGN(Network wider, Network::Create(MakeShape("nci", {5}, 2)));
  EXPECT_THAT(wider.Load("select/network", checkpoint), StatusIs(absl::StatusCode::kDataLoss));
}

TEST(NetworkCheckTest, NumberThatIsNotFiniteIsNamed) {
  ASSERT_OK_AND_ASSIGN(Network network, Network::Create(MakeShape("nci", {4}, 2)));
  EXPECT_OK(network.CheckFinite());
  network.table(0)[7] = std::numeric_limits<float>::infinity();
  EXPECT_THAT(network.CheckFinite(),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("element 7 of 'embedding_1/table'")));
}

}  // namespace
}  // namespace winnow::nn
