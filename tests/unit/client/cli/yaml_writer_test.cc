#include "client/cli/yaml_writer.h"

#include "client/cli/spec_file.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/message_differencer.h"
#include "gtest/gtest.h"
#include "tests/support/status_matchers.h"
#include "winnow/v1/dataset_schema.pb.h"
#include "winnow/v1/job_spec.pb.h"

namespace winnow::cli {
namespace {

using google::protobuf::util::MessageDifferencer;

TEST(YamlWriterTest, WritesWhatTheMapperReads) {
  v1::DatasetSchema schema;
  ASSERT_OK(ParseSpec(R"(
format: csv
names: [age, "5", "yes", "a: b"]
missing: ["", "?", "null"]
target: {column: income, kind: binary, positive: [">50K", "1"]}
split: {kind: random, validation: 0.1, test: 0.30000000000000004, seed: 7}
columns:
  age: {kind: numeric, transform: criteo_log2}
  "5": {kind: categorical, vocabulary: dictionary, separator: "|"}
  city: {vocabulary: {hash_buckets: 1000}}
  rare: {vocabulary: {dictionary: {min_count: 3}}}
)",
                      "s.yaml", {}, schema));
  v1::DatasetSchema back;
  const std::string text = YamlText(schema);
  ASSERT_OK(ParseSpec(text, "s.yaml", {}, back)) << text;
  EXPECT_TRUE(MessageDifferencer::Equals(schema, back)) << text;
  EXPECT_EQ(text,
            "format: csv\n"
            "names: [age, \"5\", \"yes\", \"a: b\"]\n"
            "missing: [\"\", \"?\", \"null\"]\n"
            "target: {column: income, kind: binary, positive: [\">50K\", \"1\"]}\n"
            "split: {kind: random, validation: 0.1, test: 0.30000000000000004, seed: 7}\n"
            "columns:\n"
            "  \"5\": {kind: categorical, vocabulary: dictionary, separator: \"|\"}\n"
            "  age: {kind: numeric, transform: criteo_log2}\n"
            "  city: {vocabulary: {hash_buckets: 1000}}\n"
            "  rare: {vocabulary: {dictionary: {min_count: 3}}}\n");
}

TEST(YamlWriterTest, KeepsControlCharacters) {
  v1::JobSpec job;
  job.set_dataset("adult\r\r\n\tx\x01");
  (*job.mutable_labels())["a\r"] = "b\r";
  v1::JobSpec again;
  ASSERT_OK(ParseSpec(YamlText(job), "job.yaml", {}, again));
  EXPECT_EQ(again.dataset(), job.dataset());
  EXPECT_EQ(again.labels().at("a\r"), "b\r");
}

TEST(YamlWriterTest, WritesJobsWithListsAndChoices) {
  v1::JobSpec spec;
  ASSERT_OK(
      ParseSpec("dataset: d\nfeature_selection: {budget: {max_count: 2}, groups: {g: [a, b]}}\n"
                "selector: random\ntraining: {epochs: 20, learning_rate: 1e-05}\nmodel: {mlp: "
                "{hidden_units: []}}\nevaluation: {controls: []}",
                "j.yaml", {}, spec));
  v1::JobSpec back;
  const std::string text = YamlText(spec);
  ASSERT_OK(ParseSpec(text, "j.yaml", {}, back)) << text;
  EXPECT_TRUE(MessageDifferencer::Equals(spec, back)) << text;
  EXPECT_THAT(text, ::testing::HasSubstr("epochs: 20"));
}

}  // namespace
}  // namespace winnow::cli
