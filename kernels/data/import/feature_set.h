// All columns of a table on their way into packed records.
#ifndef WINNOW_KERNELS_DATA_IMPORT_FEATURE_SET_H_
#define WINNOW_KERNELS_DATA_IMPORT_FEATURE_SET_H_

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/dictionary.h"
#include "kernels/data/import/encoder.h"
#include "kernels/data/import/table_source.h"
#include "kernels/data/import/table_writer.h"
#include "kernels/data/import/target_encoder.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/schema.h"

namespace winnow::data {

class FeatureSet {
 public:
  // `names` are the columns of the first table; `schema` has nothing left to infer; `declared` are
  // the columns whose kind the user gave, for messages.
  FeatureSet(const std::vector<std::string>& names, const DatasetSchema& schema,
             const std::set<std::string>& declared, int64_t max_dictionary_bytes);

  // Without its rows.
  const PackedShape& shape() const { return shape_; }

  // The columns of `names` stand at `position` in the source.
  absl::Status StartFile(TableSource* source, const std::vector<int32_t>& position);

  // Encodes the source's current batch; rows without a target are left out. `labels` holds their
  // targets unless these are a column. Returns the number of records. An error names the file, the
  // first bad row and the column.
  absl::StatusOr<int64_t> Encode(TableSource* source, std::span<const Cell> labels,
                                 const std::string& file, std::string* records);

  // After the last row: columns, target, roles and warnings of the profile; the final codes; the
  // dictionaries. INVALID_ARGUMENT for columns without a value and for targets of one class.
  // REQUIRES: profile->rows is set.
  absl::Status Finish(DatasetProfile* profile, Renumbering* renumbering,
                      DictionaryWriter* dictionaries);

 private:
  // A column with its place in a record.
  struct Field {
    std::string name;
    int32_t column = -1;  // index in names
    int32_t offset = 0;   // bytes
    Encoder* encoder = nullptr;
    std::string hint;  // added to errors
  };
  // A feature: exactly one of the encoders is set.
  struct Feature {
    ColumnProfile profile;
    std::unique_ptr<NumericEncoder> numeric;
    std::unique_ptr<DictionaryEncoder> dictionary;
    std::unique_ptr<HashEncoder> hash;
    Encoder* encoder() const;
    int64_t missing() const;
  };
  // The first bad cell of a batch.
  struct BadCell {
    size_t row = 0;
    const Field* field = nullptr;
    absl::Status status;
  };

  int32_t IndexOf(const std::string& name) const;
  void AddFeature(const std::string& name, const ColumnSchema& column, bool is_declared);
  void AddRoles(const DatasetSchema& schema);
  void PlaceFields();
  void Compact(std::vector<Cell>* cells) const;
  absl::Status FinishDictionary(int32_t column, int64_t rows, Feature* feature,
                                Renumbering* renumbering, DictionaryWriter* dictionaries);
  void WarnOfColumns(std::vector<std::string>* warnings) const;
  void FinishHash(Feature* feature, std::vector<std::string>* warnings) const;
  absl::Status CheckMissing(int64_t rows) const;

  const std::vector<std::string> names_;
  DictionaryBudget budget_;
  int64_t tracked_hashes_;
  PackedShape shape_;
  std::vector<Feature> features_;  // in column order
  std::unique_ptr<TargetEncoder> target_;
  WeightEncoder weight_;
  TimeEncoder time_;
  std::unique_ptr<IdEncoder> group_, split_;
  std::string group_column_, split_column_, time_column_;
  std::vector<Field> fields_;      // the target first
  std::vector<int32_t> position_;  // of a column of names_ in the current source
  std::vector<Cell> cells_;
  std::vector<uint32_t> kept_;  // rows of the batch that have a target
  bool keeps_all_ = true;
  std::vector<std::string> constant_, like_ids_;  // columns to warn of
};

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_FEATURE_SET_H_
