#include "client/cli/dataset_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "client/cli/field_names.h"
#include "client/cli/table.h"
#include "client/cli/text.h"

namespace winnow::cli {
namespace {

template <typename Enum>
std::string EnumText(Enum value, const google::protobuf::EnumDescriptor* type) {
  const auto* known = type->FindValueByNumber(value);
  return known == nullptr ? absl::StrCat(static_cast<int>(value)) : ShortName(*known);
}

std::string StateText(const v1::Dataset& dataset) {
  return EnumText(dataset.state(), v1::Dataset::State_descriptor());
}

std::string TargetText(const v1::TargetProfile& target) {
  constexpr int kMostClasses = 12;
  std::string text = absl::StrCat("target ", target.column(), " (",
                                  EnumText(target.kind(), v1::Target::Kind_descriptor()));
  for (int i = 0; i < std::min(target.classes_size(), kMostClasses); ++i) {
    absl::StrAppend(&text, i == 0 ? ": " : ", ", target.classes(i).name(), " ",
                    CountText(target.classes(i).rows()));
  }
  if (target.classes_size() > kMostClasses) {
    absl::StrAppend(&text, ", ... ", target.classes_size(), " classes");
  }
  if (target.has_mean()) absl::StrAppend(&text, ": mean ", NumberText(target.mean()));
  if (target.has_sd()) absl::StrAppend(&text, ", standard deviation ", NumberText(target.sd()));
  return text + ")\n";
}

std::string ColumnsText(const v1::DatasetProfile& profile, size_t most) {
  Table table;
  table.Column("COLUMN").Column("KIND").Column("VALUES", Table::Align::kRight);
  table.Column("MISSING", Table::Align::kRight).Column("MEAN", Table::Align::kRight);
  table.Column("SD", Table::Align::kRight).Column("MIN", Table::Align::kRight);
  table.Column("MAX", Table::Align::kRight);
  const auto number = [](bool has, double value) { return has ? NumberText(value) : "-"; };
  const size_t shown = std::min<size_t>(most, profile.columns_size());
  for (size_t i = 0; i < shown; ++i) {
    const v1::ColumnProfile& column = profile.columns(static_cast<int>(i));
    table.Row({column.name(), EnumText(column.kind(), v1::ColumnSchema::Kind_descriptor()),
               column.vocabulary_size() > 0 ? CountText(column.vocabulary_size()) : "-",
               CountText(column.missing()), number(column.has_mean(), column.mean()),
               number(column.has_sd(), column.sd()), number(column.has_min(), column.min()),
               number(column.has_max(), column.max())});
  }
  std::string text = table.empty() ? "" : table.Text("  ");
  const size_t left = static_cast<size_t>(profile.columns_size()) - shown;
  if (left > 0) absl::StrAppend(&text, "  ... and ", left, " more columns\n");
  return text;
}

std::string ProfileText(const v1::DatasetProfile& profile, size_t most_columns) {
  std::string text = absl::StrCat(CountText(profile.rows()), " rows");
  if (profile.test_rows() > 0) {
    absl::StrAppend(&text, " (", CountText(profile.test_rows()), " of them for the test)");
  }
  absl::StrAppend(&text, ", ", profile.columns_size(), " columns");
  if (profile.dropped_rows() > 0) {
    absl::StrAppend(&text, ", ", CountText(profile.dropped_rows()),
                    " rows without a target left out");
  }
  return absl::StrCat(text, "\n", TargetText(profile.target()), ColumnsText(profile, most_columns));
}

}  // namespace

std::string DatasetsTable(const std::vector<v1::Dataset>& datasets) {
  Table table;
  table.Column("DATASET").Column("STATE").Column("ROWS", Table::Align::kRight);
  table.Column("SIZE", Table::Align::kRight).Column("CREATED");
  for (const v1::Dataset& dataset : datasets) {
    const bool active = dataset.state() == v1::Dataset::STATE_ACTIVE;
    table.Row({IdOf(dataset.name()), StateText(dataset),
               active ? CountText(dataset.profile().rows()) : "-",
               active ? BytesText(dataset.table_bytes()) : "-", TimeText(dataset.create_time())});
  }
  return table.Text();
}

std::string DatasetText(const v1::Dataset& dataset, size_t most_columns) {
  std::string text = absl::StrCat(dataset.name(), ": ", StateText(dataset));
  if (dataset.state() == v1::Dataset::STATE_ACTIVE) {
    absl::StrAppend(&text, ", ", BytesText(dataset.table_bytes()));
  }
  text += "\n";
  if (!dataset.error().message().empty()) absl::StrAppend(&text, dataset.error().message(), "\n");
  if (dataset.has_profile()) absl::StrAppend(&text, ProfileText(dataset.profile(), most_columns));
  for (const std::string& warning : dataset.warnings()) {
    absl::StrAppend(&text, "warning: ", warning, "\n");
  }
  return text;
}

}  // namespace winnow::cli
