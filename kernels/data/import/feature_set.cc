#include "kernels/data/import/feature_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/data/import/input_files.h"

namespace winnow::data {
namespace {

// Distinct values of hashed columns that are remembered to count collisions: about 9 to 18 bytes
// each.
constexpr int64_t kTrackedHashes = 16'000'000;
constexpr int64_t kMaxSplitValues = 1000;
// A text column is called an id when it has more distinct values than this share of the rows.
constexpr double kIdShare = 0.9;
constexpr int64_t kLeastRowsOfAnId = 20;

}  // namespace

Encoder* FeatureSet::Feature::encoder() const {
  if (numeric) return numeric.get();
  if (dictionary) return dictionary.get();
  return hash.get();
}

int64_t FeatureSet::Feature::missing() const {
  if (numeric) return numeric->missing();
  return dictionary ? dictionary->missing() : hash->missing();
}

FeatureSet::FeatureSet(const std::vector<std::string>& names, const DatasetSchema& schema,
                       const std::set<std::string>& declared, int64_t max_dictionary_bytes)
    : names_(names), budget_{max_dictionary_bytes, 0}, tracked_hashes_(kTrackedHashes) {
  const TargetSchema& target = schema.target;
  target_ = std::make_unique<TargetEncoder>(target.column ? *target.column : *target.file,
                                            *target.kind, target.positive);
  for (const std::string& name : names_) {
    if (target.column == name) continue;
    AddFeature(name, schema.columns.at(name), declared.count(name) != 0);
  }
  AddRoles(schema);
  PlaceFields();
}

int32_t FeatureSet::IndexOf(const std::string& name) const {
  return static_cast<int32_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
}

void FeatureSet::AddFeature(const std::string& name, const ColumnSchema& column, bool is_declared) {
  if (*column.kind == ColumnRole::kIgnore) return;
  Feature feature;
  feature.profile.name = name;
  Field field;
  field.name = name;
  field.column = IndexOf(name);
  if (*column.kind == ColumnRole::kNumeric) {
    feature.profile.transform = *column.transform;
    feature.profile.quantiles = column.quantiles.value_or(feature.profile.quantiles);
    feature.numeric = std::make_unique<NumericEncoder>(*column.transform);
    if (!is_declared) {
      field.hint =
          "; the first rows hold only numbers here: declare the column categorical, or add "
          "the text to `missing`";
    }
    ++shape_.num_numeric;
  } else {
    feature.profile.kind = ColumnKind::kCategorical;
    if (column.hash_buckets) {
      feature.profile.hashed = true;
      feature.profile.vocabulary = *column.hash_buckets + 1;
      feature.hash = std::make_unique<HashEncoder>(*column.hash_buckets, &tracked_hashes_);
    } else {
      feature.profile.min_count = column.min_count.value_or(1);
      feature.dictionary = std::make_unique<DictionaryEncoder>(&budget_);
    }
    ++shape_.num_categorical;
  }
  field.encoder = feature.encoder();
  features_.push_back(std::move(feature));
  fields_.push_back(std::move(field));
}

void FeatureSet::AddRoles(const DatasetSchema& schema) {
  const SplitSpec& split = *schema.split;
  shape_.has_weight = schema.weight.has_value();
  if (split.kind == SplitSpec::Kind::kColumn) split_column_ = split.column;
  if (split.kind == SplitSpec::Kind::kTime) time_column_ = split.column;
  if (split.kind == SplitSpec::Kind::kGroup) group_column_ = split.column;
  if (schema.group) group_column_ = *schema.group;
  shape_.has_group = !group_column_.empty();
  shape_.has_split = !split_column_.empty();
  shape_.has_time = !time_column_.empty();
  group_ = std::make_unique<IdEncoder>(&budget_, INT32_MAX - 1);
  split_ = std::make_unique<IdEncoder>(&budget_, kMaxSplitValues);
  const auto add = [this](const std::string& name, Encoder* encoder) {
    fields_.push_back({name, IndexOf(name), 0, encoder, ""});
  };
  if (shape_.has_weight) add(*schema.weight, &weight_);
  if (shape_.has_group) add(group_column_, group_.get());
  if (shape_.has_split) add(split_column_, split_.get());
  if (shape_.has_time) add(time_column_, &time_);
  Field target;
  target.name = schema.target.column ? *schema.target.column : *schema.target.file;
  target.column = schema.target.column ? IndexOf(*schema.target.column) : -1;
  target.encoder = target_.get();
  fields_.insert(fields_.begin(), std::move(target));
}

void FeatureSet::PlaceFields() {
  size_t next = 0;
  fields_[next++].offset = shape_.target_offset();
  int32_t numeric = 0, categorical = shape_.code_offset();
  for (const Feature& feature : features_) {
    int32_t& offset = feature.numeric ? numeric : categorical;
    fields_[next++].offset = std::exchange(offset, offset + 4);
  }
  if (shape_.has_weight) fields_[next++].offset = shape_.weight_offset();
  if (shape_.has_group) fields_[next++].offset = shape_.group_offset();
  if (shape_.has_split) fields_[next++].offset = shape_.split_offset();
  if (shape_.has_time) fields_[next++].offset = shape_.time_offset();
}

absl::Status FeatureSet::StartFile(TableSource* source, const std::vector<int32_t>& position) {
  position_ = position;
  std::vector<int32_t> wanted;
  for (const Field& field : fields_) {
    if (field.column >= 0) wanted.push_back(position_[field.column]);
  }
  std::sort(wanted.begin(), wanted.end());
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  return source->Project(wanted);
}

void FeatureSet::Compact(std::vector<Cell>* cells) const {
  if (keeps_all_) return;
  for (size_t i = 0; i < kept_.size(); ++i) (*cells)[i] = (*cells)[kept_[i]];
  cells->resize(kept_.size());
}

absl::StatusOr<int64_t> FeatureSet::Encode(TableSource* source, std::span<const Cell> labels,
                                           const std::string& file, std::string* records) {
  BadCell worst;
  const int64_t stride = shape_.stride();
  for (const Field& field : fields_) {
    if (field.column >= 0) {
      RETURN_IF_ERROR(source->ReadColumn(position_[field.column], &cells_));
    } else {
      cells_.assign(labels.begin(), labels.end());
    }
    if (field.encoder == target_.get()) {
      kept_.clear();
      for (uint32_t i = 0; i < cells_.size(); ++i) {
        if (target_->IsPresent(cells_[i])) kept_.push_back(i);
      }
      keeps_all_ = kept_.size() == cells_.size();
      records->assign(kept_.size() * static_cast<size_t>(stride), '\0');
    }
    Compact(&cells_);
    size_t bad = 0;
    const FieldBlock block{records->data() + field.offset, stride};
    const absl::Status status = field.encoder->Encode(cells_, block, &bad);
    // The first row counts, so that the message does not depend on where batches end.
    if (!status.ok() && (worst.status.ok() || bad < worst.row)) worst = {bad, &field, status};
  }
  if (worst.status.ok()) return static_cast<int64_t>(kept_.size());
  return absl::Status(worst.status.code(),
                      absl::StrCat(file, ", row ", source->first_row_number() + kept_[worst.row],
                                   ", column ", Quoted(worst.field->name), ": ",
                                   std::string(worst.status.message()), worst.field->hint));
}

absl::Status FeatureSet::CheckMissing(int64_t rows) const {
  std::vector<std::string> empty;
  for (const Feature& feature : features_) {
    if (feature.missing() == rows) empty.push_back(feature.profile.name);
  }
  if (empty.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(empty.size() == 1 ? "column " : "columns ", ListColumns(empty),
                   empty.size() == 1 ? " has" : " have", " no value in any of ", rows,
                   " rows; leave ", empty.size() == 1 ? "it" : "them", " out with kind: ignore"));
}

absl::Status FeatureSet::FinishDictionary(int32_t column, int64_t rows, Feature* feature,
                                          Renumbering* renumbering,
                                          DictionaryWriter* dictionaries) {
  ColumnProfile& out = feature->profile;
  const ValueDictionary& values = feature->dictionary->values();
  out.missing = feature->dictionary->missing();
  // A value rarer than min_count in all rows is rarer in any training rows: it needs no code.
  const std::vector<int32_t> order = values.Sorted(out.min_count);
  out.vocabulary = static_cast<int64_t>(order.size()) + 1;
  std::vector<int32_t> final_code(static_cast<size_t>(values.size()) + 1, 0);
  Dictionary dictionary;
  dictionary.column = column;
  for (size_t i = 0; i < order.size(); ++i) {
    final_code[static_cast<size_t>(order[i]) + 1] = static_cast<int32_t>(i + 1);
    dictionary.bytes.append(values.value(order[i]));
    dictionary.ends.push_back(dictionary.bytes.size());
  }
  if (values.size() == 1 && out.missing == 0) constant_.push_back(out.name);
  if (rows >= kLeastRowsOfAnId &&
      static_cast<double>(values.size()) > kIdShare * static_cast<double>(rows)) {
    like_ids_.push_back(out.name);
  }
  renumbering->codes.push_back(std::move(final_code));
  feature->dictionary.reset();
  return dictionaries->Add(dictionary);
}

void FeatureSet::WarnOfColumns(std::vector<std::string>* warnings) const {
  if (!constant_.empty()) {
    warnings->push_back(absl::StrCat("constant: ", ListColumns(constant_)));
  }
  if (!like_ids_.empty()) {
    warnings->push_back(absl::StrCat("another value in more than nine of ten rows, like an id: ",
                                     ListColumns(like_ids_)));
  }
}

void FeatureSet::FinishHash(Feature* feature, std::vector<std::string>* warnings) const {
  feature->profile.missing = feature->hash->missing();
  feature->profile.hash_collisions = feature->hash->Collisions();
  if (feature->hash->is_exact()) return;
  warnings->push_back(absl::StrCat("column ", Quoted(feature->profile.name),
                                   ": collisions are counted among the first ",
                                   feature->hash->distinct(), " distinct values only"));
}

absl::Status FeatureSet::Finish(DatasetProfile* profile, Renumbering* renumbering,
                                DictionaryWriter* dictionaries) {
  RETURN_IF_ERROR(CheckMissing(profile->rows));
  ASSIGN_OR_RETURN(profile->target, target_->Finish());
  renumbering->classes = target_->class_of();
  profile->has_weight = shape_.has_weight;
  profile->has_group = shape_.has_group;
  profile->group_column = group_column_;
  profile->split_column = split_column_;
  profile->time_column = time_column_;
  for (int32_t id = 0; id < static_cast<int32_t>(split_->values().size()); ++id) {
    profile->split_values.emplace_back(split_->values().value(id));
    profile->split_value_counts.push_back(split_->values().count(id));
  }
  const auto count = std::count_if(features_.begin(), features_.end(),
                                   [](const Feature& f) { return f.dictionary != nullptr; });
  RETURN_IF_ERROR(dictionaries->Begin(static_cast<int32_t>(count)));
  for (size_t i = 0; i < features_.size(); ++i) {
    Feature& feature = features_[i];
    if (feature.numeric) {
      feature.numeric->Describe(&feature.profile);
      const bool is_constant = feature.profile.min == feature.profile.max;
      if (is_constant && feature.profile.missing == 0) constant_.push_back(feature.profile.name);
    } else if (feature.dictionary) {
      RETURN_IF_ERROR(FinishDictionary(static_cast<int32_t>(i), profile->rows, &feature,
                                       renumbering, dictionaries));
    } else {
      FinishHash(&feature, &profile->warnings);
      renumbering->codes.emplace_back();
    }
    profile->columns.push_back(feature.profile);
  }
  WarnOfColumns(&profile->warnings);
  return dictionaries->End();
}

}  // namespace winnow::data
