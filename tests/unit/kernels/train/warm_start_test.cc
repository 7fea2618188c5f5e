#include "kernels/train/warm_start.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kernels/data/packed_table.h"
#include "kernels/ops/threading.h"
#include "kernels/train/evaluate.h"
#include "tests/support/status_matchers.h"
#include "tests/unit/kernels/train/job_testing.h"
#include "tests/unit/kernels/train/planted_texts_testing.h"

namespace winnow::train {
namespace {

using test::StatusIs;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

constexpr size_t kSharedRows = 400;

PlantedTable Head(PlantedTable table, size_t rows) {
  for (PlantedColumn& column : table.columns) {
    if (!column.numeric.empty()) column.numeric.resize(rows);
    if (!column.codes.empty()) column.codes.resize(rows);
  }
  table.target.resize(rows);
  return table;
}

// The first kSharedRows rows of `table`, then rows of another distribution; the columns in reverse
// order, the codes by other numbers (see ShuffledTexts), n8 with missing values, and a value that
// the parent has never seen.
PlantedTable Drifted(const PlantedTable& table) {
  PlantedTable drifted = Head(table, kSharedRows);
  const PlantedTable more = MakePlanted(table.kind, 500, 77);
  for (size_t c = 0; c < drifted.columns.size(); ++c) {
    PlantedColumn& column = drifted.columns[c];
    for (float value : more.columns[c].numeric) {
      column.numeric.push_back(2.5f * value + 1.5f + 0.1f * static_cast<float>(c));
    }
    if (column.name == "n8") column.numeric.back() = std::nanf("");
    column.codes.insert(column.codes.end(), more.columns[c].codes.begin(),
                        more.columns[c].codes.end());
    for (int32_t& code : column.codes) code = 13 - code;
    if (!column.codes.empty()) column.codes.back() = 13, column.vocabulary = 14;
  }
  drifted.target.insert(drifted.target.end(), more.target.begin(), more.target.end());
  if (table.kind == TargetKind::kRegression) {
    for (size_t i = kSharedRows; i < drifted.target.size(); ++i) drifted.target[i] *= 4;
  }
  std::reverse(drifted.columns.begin(), drifted.columns.end());
  return drifted;
}

Texts ShuffledTexts() {
  Texts texts = PlainTexts();
  std::reverse(texts.begin(), texts.end());
  texts.push_back("new");
  return texts;
}

// A planted table as a job sees it, and a network on it.
struct Side {
  std::filesystem::path folder;
  DatasetProfile profile;
  plan::Plan plan;
  std::optional<data::PackedTable> packed;
  std::optional<data::TrainingTable> table;
  std::optional<nn::Network> network;
  JobContext context;
};

class WarmStartTest : public JobTest {
 protected:
  void Make(Side& side, const std::string& name, const PlantedTable& table, const Texts& texts,
            const plan::Spec& spec) {
    side.folder = folder_ / name;
    std::filesystem::create_directories(side.folder);
    side.profile = WritePlanted(side.folder, table);
    WriteTexts(side.folder, table, texts);
    plan::Resolution resolution = plan::Resolve(spec, side.profile);
    for (const auto& violation : resolution.violations) ADD_FAILURE() << violation.message;
    side.plan = std::move(resolution.plan);
    auto packed = data::PackedTable::Open(side.folder / "table.bin");
    ASSERT_OK(packed);
    side.packed.emplace(*std::move(packed));
    auto training = data::TrainingTable::Create(&*side.packed, side.profile, side.profile.split);
    ASSERT_OK(training);
    side.table.emplace(*std::move(training));
    side.context.plan = &side.plan;
    side.context.table = &*side.table;
    side.context.pool = &pool_;
    side.context.stop = &stop_;
    auto network = nn::Network::Create(side.plan.model);
    ASSERT_OK(network);
    side.network.emplace(*std::move(network));
  }

  // Files of a parent whose selection ended with the network of `side`, biases not 0.
  ParentFiles Leave(Side& side, std::vector<float> logits = {}) {
    side.network->Init(5, "init/parent");
    for (size_t l = 0; l < side.network->layers().size(); ++l) {
      const auto index = static_cast<int32_t>(l);
      for (int32_t j = 0; j < side.network->layers()[l].outputs; ++j) {
        side.network->bias(index)[j] = 0.1f * static_cast<float>(j % 5) - 0.2f;
      }
    }
    const std::string dictionaries = side.folder / "dictionaries.bin";
    EXPECT_OK(
        WriteSelectionModel(side.context, *side.network, logits, {}, dictionaries, side.folder));
    ParentFiles files;
    files.job = "tenants/t/jobs/parent";
    files.selection_weights = files.weights = side.folder / kSelectionModelFile;
    files.selection_manifest = files.manifest = side.folder / kSelectionManifestFile;
    return files;
  }

  absl::StatusOr<std::unique_ptr<WarmStart>> OpenOn(const Side& side, const ParentFiles& files) {
    return WarmStart::Open(files, side.context, side.folder / "dictionaries.bin");
  }

  // What the network says of the shared rows.
  std::vector<float> Scores(const Side& side) {
    std::vector<uint32_t> rows(kSharedRows);
    for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
    const auto scored = Score(side.context, {&*side.network, nullptr, {}}, rows);
    EXPECT_OK(scored);
    return scored.ok() ? scored->score : std::vector<float>();
  }

  void ExpectSameFunction(TargetKind kind, plan::Spec spec) {
    const PlantedTable early = MakePlanted(kind, 600, 3);
    Side parent, child;
    Make(parent, "early", early, PlainTexts(), spec);
    Make(child, "late", Drifted(early), ShuffledTexts(), spec);
    const ParentFiles files = Leave(parent);
    ASSERT_OK_AND_ASSIGN(const auto warm, OpenOn(child, files));
    child.network->Init(9, "init/child");
    const std::vector<float> expected = Scores(parent), fresh = Scores(child);
    ASSERT_OK(warm->StartSelection(*child.network));
    const std::vector<float> found = Scores(child);
    double change = 0;
    for (size_t i = 0; i < kSharedRows; ++i) {
      EXPECT_NEAR(found[i], expected[i], 1e-4 * (1 + std::abs(expected[i]))) << i;
      change += std::abs(fresh[i] - expected[i]);
    }
    EXPECT_GT(change / kSharedRows, 0.05) << "the test could not tell the networks apart";
    EXPECT_EQ(warm->started().matched_columns, 12);
    EXPECT_THAT(warm->started().new_columns, ElementsAre());
    EXPECT_EQ(warm->started().matched_values, 24);
  }

  ShardPool pool_{1, ops::UseOneThread};
  StopToken stop_;
};

plan::Spec WithModel(plan::ModelSpec model) {
  plan::Spec spec = FeatureSpec(3);
  spec.model = std::move(model);
  return spec;
}

TEST_F(WarmStartTest, FoldingKeepsTheFunctionOfAnMlp) {
  ExpectSameFunction(TargetKind::kBinary, FeatureSpec(3));
}

TEST_F(WarmStartTest, FoldingKeepsTheFunctionOfALinearModelOfClasses) {
  ExpectSameFunction(TargetKind::kMulticlass, WithModel({.kind = plan::ModelKind::kLinear}));
}

TEST_F(WarmStartTest, FoldingKeepsTheFunctionOfARegressionInTheUnitsOfItsTarget) {
  ExpectSameFunction(TargetKind::kRegression, FeatureSpec(3));
}

TEST_F(WarmStartTest, FoldingKeepsTheFunctionOfDotProducts) {
  ExpectSameFunction(TargetKind::kBinary, WithModel(DlrmModel()));
}

TEST_F(WarmStartTest, FoldingKeepsTheFunctionOfConcatenatedVectors) {
  plan::ModelSpec model = DlrmModel();
  model.interaction = plan::Interaction::kConcat;
  ExpectSameFunction(TargetKind::kBinary, WithModel(model));
}

TEST_F(WarmStartTest, WhatIsNewKeepsItsUsualStartAndIsNamed) {
  const PlantedTable early = MakePlanted(TargetKind::kBinary, 600, 3);
  PlantedTable late = Drifted(early);
  for (PlantedColumn& column : late.columns) {
    if (column.name == "n4") column.name = "fresh";
    if (column.name == "n5") {
      for (float& value : column.numeric) value *= 1000;  // another quantity by the same name
    }
  }
  Side parent, child;
  Make(parent, "early", early, PlainTexts(), FeatureSpec(3));
  Make(child, "late", late, ShuffledTexts(), FeatureSpec(3));
  ASSERT_OK_AND_ASSIGN(const auto warm, OpenOn(child, Leave(parent)));
  child.network->Init(9, "init/child");
  auto usual = nn::Network::Create(child.plan.model);
  ASSERT_OK(usual);
  usual->CopyFrom(*child.network);
  ASSERT_OK(warm->StartSelection(*child.network));

  EXPECT_THAT(warm->started().new_columns, UnorderedElementsAre("fresh", "n5"));
  EXPECT_THAT(warm->started().gone_columns, UnorderedElementsAre("n4", "n5"));
  EXPECT_EQ(warm->started().new_values, 2);  // "new" of c0 and of c1
  for (const plan::InputField& field : child.plan.model.fields) {
    const std::string& name = child.profile.columns[field.column].name;
    const bool is_new = name == "fresh" || name == "n5";
    const int32_t width = child.network->layers()[0].outputs;
    const auto begin = static_cast<int64_t>(field.first_row) * width;
    EXPECT_EQ(std::equal(child.network->weights(0) + begin,
                         child.network->weights(0) + begin + width, usual->weights(0) + begin),
              is_new)
        << name;
  }
  const nn::EmbeddingTable& table = child.network->embeddings()[0];
  for (int64_t code = 0; code < table.vocabulary; ++code) {
    const float* row = child.network->table(0) + code * table.dimension;
    EXPECT_EQ(std::equal(row, row + table.dimension, usual->table(0) + code * table.dimension),
              code == 13)
        << code;
  }
}

TEST_F(WarmStartTest, LogitsFollowTheNamesOfTheCandidates) {
  const PlantedTable early = MakePlanted(TargetKind::kBinary, 600, 3);
  PlantedTable late = Drifted(early);
  late.columns[0].name = "fresh";  // was c1
  Side parent, child;
  Make(parent, "early", early, PlainTexts(), FeatureSpec(3));
  Make(child, "late", late, ShuffledTexts(), FeatureSpec(3));
  std::vector<float> logits;
  for (int c = 0; c < 12; ++c) logits.push_back(0.01f * static_cast<float>(c + 1));
  const ParentFiles files = Leave(parent, logits);
  ASSERT_OK_AND_ASSIGN(const auto warm, OpenOn(child, files));
  EXPECT_TRUE(warm->started().logits);
  ASSERT_EQ(warm->logits().size(), 12u);
  for (int c = 0; c < 12; ++c) {
    EXPECT_FLOAT_EQ(warm->logits()[c], c == 0 ? 0.0f : logits[11 - c]) << c;
  }

  child.plan.spec.selector.name = "stg";
  ASSERT_OK_AND_ASSIGN(const auto other, OpenOn(child, files));
  EXPECT_TRUE(other->logits().empty());
}

TEST_F(WarmStartTest, AnotherTargetOrOtherLayersAreRefusedWithBothSides) {
  Side parent, classes, wider;
  Make(parent, "early", MakePlanted(TargetKind::kBinary, 600, 3), PlainTexts(), FeatureSpec(3));
  Make(classes, "classes", MakePlanted(TargetKind::kMulticlass, 600, 3), PlainTexts(),
       FeatureSpec(3));
  Make(wider, "wider", MakePlanted(TargetKind::kBinary, 600, 3), PlainTexts(),
       WithModel({.hidden_units = {{24}}}));
  const ParentFiles files = Leave(parent);
  EXPECT_THAT(OpenOn(classes, files),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("the parent's target is binary, this one's is multiclass")));
  EXPECT_THAT(OpenOn(wider, files),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("are [16, 1] wide")));
  std::ofstream(files.selection_manifest) << "{}";
  EXPECT_THAT(OpenOn(parent, files),
              StatusIs(absl::StatusCode::kDataLoss, HasSubstr(files.selection_manifest)));
}

}  // namespace
}  // namespace winnow::train
