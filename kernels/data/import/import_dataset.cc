#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kernels/base/status.h"
#include "kernels/data/dictionary.h"
#include "kernels/data/import/feature_set.h"
#include "kernels/data/import/import.h"
#include "kernels/data/import/input_files.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/import/leak_check.h"
#include "kernels/data/import/open_source.h"
#include "kernels/data/import/output_set.h"
#include "kernels/data/import/table_writer.h"
#include "kernels/data/packed_table.h"
#include "kernels/data/split.h"

namespace winnow::data {
namespace {

// Share of the import's time that reading takes; the rest is the pass over the packed table.
constexpr double kReadingShare = 0.9;

class Importer {
 public:
  Importer(const std::vector<InputFile>& files, const std::string& output_dir,
           const ImportCallback& progress, const StopToken& stop, const ImportOptions& options)
      : files_(files),
        progress_callback_(progress),
        stop_(stop),
        options_(options),
        output_(output_dir) {}

  absl::StatusOr<DatasetProfile> Run(const InferredSchema& inferred) {
    schema_ = inferred.schema;
    profile_.warnings = inferred.warnings;
    RETURN_IF_ERROR(Prepare(inferred.declared));
    for (const InputFile& file : DataFiles(files_)) RETURN_IF_ERROR(ReadFile(file));
    RETURN_IF_ERROR(CheckRows());
    RETURN_IF_ERROR(Describe());
    RETURN_IF_ERROR(SealTable());
    RETURN_IF_ERROR(CountParts());
    RETURN_IF_ERROR(output_.CreateWith(kProfileFile, Json()));
    RETURN_IF_ERROR(output_.Commit());
    Report(1.0);
    return std::move(profile_);
  }

 private:
  absl::Status Prepare(const std::set<std::string>& declared) {
    const SourceLimits limits{options_.block_bytes, -1};
    ASSIGN_OR_RETURN(const auto source, OpenSource(FirstTable(files_), schema_, limits));
    names_ = source->names();
    features_ =
        std::make_unique<FeatureSet>(names_, schema_, declared, options_.max_dictionary_bytes);
    if (const InputFile* labels = LabelsFile(files_)) {
      ASSIGN_OR_RETURN(labels_, ReadLabels(*labels));
    }
    for (const InputFile& file : DataFiles(files_)) {
      ASSIGN_OR_RETURN(const RawFile raw, RawFile::Open(file));
      progress_.total_bytes += raw.size_bytes();
    }
    ASSIGN_OR_RETURN(table_file_, output_.Create(kTableFile));
    writer_ = std::make_unique<TableWriter>(table_file_, features_->shape());
    return absl::OkStatus();
  }

  absl::Status ReadFile(const InputFile& file) {
    const SourceLimits limits{options_.block_bytes, -1};
    ASSIGN_OR_RETURN(const auto source, OpenSource(file, schema_, limits));
    ASSIGN_OR_RETURN(const std::vector<int32_t> position,
                     MatchColumns(names_, *source, file, FirstTable(files_)));
    RETURN_IF_ERROR(features_->StartFile(source.get(), position));
    const int64_t rows_before = writer_->rows();
    while (true) {
      RETURN_IF_ERROR(CheckStop());
      ASSIGN_OR_RETURN(const int64_t rows, source->NextBatch());
      if (rows == 0) break;
      RETURN_IF_ERROR(ReadBatch(source.get(), file, rows));
      progress_.rows_read += rows;
      progress_.bytes_read = finished_bytes_ + source->bytes_read();
      Report(kReadingShare * static_cast<double>(progress_.bytes_read) /
             static_cast<double>(std::max<int64_t>(1, progress_.total_bytes)));
    }
    finished_bytes_ += source->bytes_read();
    const int64_t rows = writer_->rows() - rows_before;
    if (file.role == FileRole::kTrain) profile_.train_file_rows += rows;
    if (file.role == FileRole::kValidation) profile_.validation_file_rows += rows;
    return absl::OkStatus();
  }

  absl::Status ReadBatch(TableSource* source, const InputFile& file, int64_t rows) {
    std::span<const Cell> labels;
    if (LabelsFile(files_) != nullptr) {
      const auto first = static_cast<size_t>(progress_.rows_read);
      if (first + static_cast<size_t>(rows) > labels_.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat(DisplayName(*LabelsFile(files_)), ": ", labels_.size(),
                         " labels, but the tables have more rows (at row ",
                         source->first_row_number() + rows - 1, " of ", DisplayName(file), ")"));
      }
      labels = std::span<const Cell>(labels_).subspan(first, static_cast<size_t>(rows));
    }
    ASSIGN_OR_RETURN(const int64_t kept,
                     features_->Encode(source, labels, DisplayName(file), &records_));
    profile_.dropped_rows += rows - kept;
    RETURN_IF_ERROR(writer_->Append(records_.data(), records_.size()));
    if (writer_->rows() > UINT32_MAX) {
      return absl::InvalidArgumentError(
          absl::StrCat(DisplayName(file), ": more than 2^32 - 1 rows in all"));
    }
    return absl::OkStatus();
  }

  absl::Status CheckStop() const {
    if (stop_.requested() == StopRequest::kNone) return absl::OkStatus();
    return absl::CancelledError("the import was stopped");
  }

  absl::Status CheckRows() const {
    if (LabelsFile(files_) != nullptr &&
        static_cast<int64_t>(labels_.size()) != progress_.rows_read) {
      return absl::InvalidArgumentError(absl::StrCat(DisplayName(*LabelsFile(files_)), ": ",
                                                     labels_.size(), " labels for ",
                                                     progress_.rows_read, " rows"));
    }
    if (writer_->rows() > 0 && profile_.train_file_rows > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(DisplayName(FirstTable(files_)),
                                                   ": no row has a target (", profile_.dropped_rows,
                                                   " rows without one)"));
  }

  // Everything of the profile that the encoders know, and the dictionaries.
  absl::Status Describe() {
    profile_.rows = writer_->rows();
    if (profile_.dropped_rows > 0) {
      Warn(absl::StrCat(profile_.dropped_rows, " rows without a target were left out"));
    }
    ASSIGN_OR_RETURN(PendingFile * file, output_.Create(kDictionariesFile));
    int64_t at = 0;
    DictionaryWriter dictionaries([file, &at](const char* data, size_t size) {
      const int64_t offset = at;
      at += static_cast<int64_t>(size);
      return file->WriteAt(offset, data, size);
    });
    return features_->Finish(&profile_, &renumbering_, &dictionaries);
  }

  absl::Status SealTable() {
    RETURN_IF_ERROR(CheckStop());
    const auto columns = static_cast<int64_t>(profile_.columns.size());
    ASSIGN_OR_RETURN(const SealedTable sealed,
                     writer_->Seal(renumbering_, LeakSampleRows(columns)));
    profile_.table_bytes = sealed.bytes;
    profile_.table_sha256 = sealed.sha256;
    for (const Leak& leak : FindLeaks(sealed.sample, features_->shape(), profile_)) {
      Warn(
          absl::StrFormat("column %s alone separates the two classes (AUC %.4f): it may give the "
                          "target away",
                          Quoted(profile_.columns[leak.column].name), leak.auc));
    }
    return absl::OkStatus();
  }

  absl::Status CountParts() {
    profile_.split = *schema_.split;
    if (profile_.split.kind == SplitSpec::Kind::kGroup) {
      ASSIGN_OR_RETURN(const PackedTable table, PackedTable::Open(table_file_->temporary_path()));
      ASSIGN_OR_RETURN(const SplitRows rows, MakeSplit(table, profile_, profile_.split));
      profile_.split_rows = {static_cast<int64_t>(rows.train.size()),
                             static_cast<int64_t>(rows.validation.size()),
                             static_cast<int64_t>(rows.test.size())};
    } else {
      profile_.split_rows = CountSplit(profile_, profile_.split);
    }
    if (profile_.split_rows.train > 0) return absl::OkStatus();
    return absl::InvalidArgumentError(
        absl::StrCat("split: no training row is left of ", profile_.rows, " rows"));
  }

  std::string Json() const {
    return ToJson(profile_).dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  }

  void Warn(const std::string& text) { profile_.warnings.push_back(text); }

  void Report(double fraction) {
    progress_.fraction = fraction;
    if (progress_callback_) progress_callback_(progress_);
  }

  const std::vector<InputFile>& files_;
  const ImportCallback& progress_callback_;
  const StopToken& stop_;
  const ImportOptions& options_;
  OutputSet output_;
  DatasetSchema schema_;
  DatasetProfile profile_;
  std::vector<std::string> names_;
  std::vector<Cell> labels_;
  std::unique_ptr<FeatureSet> features_;
  PendingFile* table_file_ = nullptr;
  std::unique_ptr<TableWriter> writer_;
  Renumbering renumbering_;
  std::string records_;
  ImportProgress progress_;
  int64_t finished_bytes_ = 0;
};

}  // namespace

absl::StatusOr<DatasetProfile> ImportDataset(const InferredSchema& schema,
                                             const std::vector<InputFile>& files,
                                             const std::string& output_dir,
                                             const ImportCallback& progress, const StopToken& stop,
                                             const ImportOptions& options) {
  return Importer(files, output_dir, progress, stop, options).Run(schema);
}

absl::StatusOr<DatasetProfile> ImportDataset(const DatasetSchema& schema,
                                             const std::vector<InputFile>& files,
                                             const std::string& output_dir,
                                             const ImportCallback& progress, const StopToken& stop,
                                             const ImportOptions& options) {
  ASSIGN_OR_RETURN(const InferredSchema inferred, InferSchema(files, schema, options));
  return ImportDataset(inferred, files, output_dir, progress, stop, options);
}

}  // namespace winnow::data
