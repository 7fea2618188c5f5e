#include "kernels/data/import/arrow_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/ipc/reader.h"
#include "arrow/record_batch.h"
#include "arrow/util/utf8.h"
#include "kernels/base/status.h"
#include "kernels/data/import/array_cells.h"
#include "kernels/data/import/arrow_status.h"
#include "parquet/arrow/reader.h"
#include "parquet/file_reader.h"
#include "parquet/metadata.h"

namespace winnow::data {
namespace {

// Rows read at a time: 4 Mi values at most, or 64 rows.
int64_t BatchRows(int64_t columns) {
  return std::clamp<int64_t>((int64_t{4} << 20) / std::max<int64_t>(1, columns), 64, 16384);
}

using Reader = std::shared_ptr<arrow::RecordBatchReader>;

// The batches of an IPC file in the shape of a reader.
class IpcFileBatches : public arrow::RecordBatchReader {
 public:
  explicit IpcFileBatches(std::shared_ptr<arrow::ipc::RecordBatchFileReader> file)
      : file_(std::move(file)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return file_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    *batch = nullptr;
    if (next_ == file_->num_record_batches()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(*batch, file_->ReadRecordBatch(next_++));
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> file_;
  int next_ = 0;
};

// Parquet stores one column chunk per leaf of a field's type.
int LeavesOf(const arrow::DataType& type) {
  if (type.num_fields() == 0) return 1;
  int leaves = 0;
  for (const auto& field : type.fields()) leaves += LeavesOf(*field->type());
  return leaves;
}

class ArrowSource : public TableSource {
 public:
  ArrowSource(RawFile file, const ArrowOptions& options)
      : file_(std::move(file)), options_(options), missing_(options.missing) {}

  absl::Status Start(Reader reader) {
    reader_ = std::move(reader);
    std::set<std::string> seen;
    for (const std::string& name : reader_->schema()->field_names()) {
      if (name.empty()) return Invalid("a column has no name");
      if (!arrow::util::ValidateUTF8(name)) return Invalid("a column's name is not valid UTF-8");
      if (!seen.insert(name).second) {
        return Invalid(
            absl::StrCat("two columns are called ", Quoted(name), "; names must be distinct"));
      }
      names_.push_back(name);
    }
    if (names_.empty()) return Invalid("there are no columns in the file");
    for (int32_t i = 0; i < static_cast<int32_t>(names_.size()); ++i) position_.push_back(i);
    return absl::OkStatus();
  }
  void SetParquet(std::unique_ptr<parquet::arrow::FileReader> parquet) {
    parquet_ = std::move(parquet);
    total_rows_ = parquet_->parquet_reader()->metadata()->num_rows();
  }

  const std::vector<std::string>& names() const override { return names_; }

  absl::Status Project(const std::vector<int32_t>& columns) override {
    if (parquet_ == nullptr || columns.empty()) return absl::OkStatus();
    std::vector<int32_t> ascending = columns;
    std::sort(ascending.begin(), ascending.end());
    const auto schema = reader_->schema();
    std::vector<int> leaves;
    int first_leaf = 0;
    size_t next = 0;
    for (int32_t i = 0; i < schema->num_fields(); ++i) {
      const int count = LeavesOf(*schema->field(i)->type());
      if (next < ascending.size() && ascending[next] == i) {
        for (int leaf = 0; leaf < count; ++leaf) leaves.push_back(first_leaf + leaf);
        position_[i] = static_cast<int32_t>(next++);
      }
      first_leaf += count;
    }
    std::vector<int> groups(static_cast<size_t>(parquet_->num_row_groups()));
    for (size_t i = 0; i < groups.size(); ++i) groups[i] = static_cast<int>(i);
    WINNOW_ASSIGN_FROM_ARROW(reader_, parquet_->GetRecordBatchReader(groups, leaves), file_.name());
    return absl::OkStatus();
  }

  absl::StatusOr<int64_t> NextBatch() override {
    first_row_ += batch_ == nullptr ? 0 : batch_->num_rows();
    batch_ = nullptr;
    if (options_.max_rows >= 0 && first_row_ > options_.max_rows) {
      is_complete_ = false;
      return 0;
    }
    while (rest_ == nullptr || rest_->num_rows() == 0) {
      RETURN_IF_ERROR(FromArrow(reader_->ReadNext(&rest_), file_.name()));
      if (rest_ == nullptr) return CheckEnd();
      // What an IPC file says of offsets and indices is believed by whoever reads values; the
      // decoders of Parquet make theirs themselves.
      if (parquet_ == nullptr) RETURN_IF_ERROR(FromArrow(rest_->ValidateFull(), file_.name()));
    }
    batch_ = rest_->Slice(0, std::min(BatchRows(rest_->num_columns()), rest_->num_rows()));
    rest_ = rest_->Slice(batch_->num_rows());
    return batch_->num_rows();
  }

  absl::Status ReadColumn(int32_t column, std::vector<Cell>* cells) override {
    const absl::Status status =
        ArrayCells(*batch_->column(position_[column]), missing_, options_.trim, cells);
    if (status.ok()) return status;
    return Invalid(
        absl::StrCat("column ", Quoted(names_[column]), ": ", std::string(status.message())));
  }

  int64_t first_row_number() const override { return first_row_; }
  // Parquet is read out of order, column by column: the share of rows stands for the bytes.
  int64_t bytes_read() const override {
    if (total_rows_ <= 0) return file_.bytes_read();
    const int64_t rows = first_row_ - 1 + (batch_ == nullptr ? 0 : batch_->num_rows());
    return static_cast<int64_t>(static_cast<double>(rows) / static_cast<double>(total_rows_) *
                                static_cast<double>(file_.size_bytes()));
  }
  bool is_complete() const override { return is_complete_; }

 private:
  absl::Status Invalid(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(file_.name(), ": ", what));
  }
  absl::StatusOr<int64_t> CheckEnd() const {
    if (first_row_ == 1) return Invalid("there are no rows in the file");
    return 0;
  }

  RawFile file_;
  ArrowOptions options_;
  MissingTexts missing_;
  std::unique_ptr<parquet::arrow::FileReader> parquet_;  // outlives its reader_
  Reader reader_;
  std::vector<std::string> names_;
  std::vector<int32_t> position_;  // of a column in the batches
  std::shared_ptr<arrow::RecordBatch> rest_, batch_;
  int64_t first_row_ = 1;
  int64_t total_rows_ = -1;  // Parquet: of the file
  bool is_complete_ = true;
};

absl::StatusOr<Reader> OpenIpcReader(RawFile& file) {
  if (file.head().compare(0, 6, "ARROW1") == 0) {
    ASSIGN_OR_RETURN(const auto random, file.RandomAccess());
    WINNOW_ASSIGN_FROM_ARROW(auto reader, arrow::ipc::RecordBatchFileReader::Open(random),
                             file.name());
    return Reader(std::make_shared<IpcFileBatches>(std::move(reader)));
  }
  ASSIGN_OR_RETURN(const auto stream, file.Stream());
  WINNOW_ASSIGN_FROM_ARROW(auto reader, arrow::ipc::RecordBatchStreamReader::Open(stream),
                           file.name());
  return Reader(std::move(reader));
}

absl::StatusOr<std::unique_ptr<parquet::arrow::FileReader>> OpenParquetReader(const RawFile& file) {
  ASSIGN_OR_RETURN(const auto random, file.RandomAccess());
  // Columns are read page by page: the memory does not grow with the size of a row group.
  parquet::ReaderProperties properties;
  properties.enable_buffered_stream();
  parquet::arrow::FileReaderBuilder builder;
  RETURN_IF_ERROR(FromArrow(builder.Open(random, properties), file.name()));
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_pre_buffer(false);
  arrow_properties.set_batch_size(BatchRows(builder.raw_reader()->metadata()->num_columns()));
  builder.properties(arrow_properties);
  std::unique_ptr<parquet::arrow::FileReader> reader;
  RETURN_IF_ERROR(FromArrow(builder.Build(&reader), file.name()));
  return reader;
}

}  // namespace

absl::StatusOr<std::unique_ptr<TableSource>> OpenParquetSource(RawFile file,
                                                               const ArrowOptions& options) {
  arrow::util::InitializeUTF8();
  const std::string name = file.name();
  ASSIGN_OR_RETURN(auto parquet, OpenParquetReader(file));
  WINNOW_ASSIGN_FROM_ARROW(Reader reader, parquet->GetRecordBatchReader(), name);
  auto source = std::make_unique<ArrowSource>(std::move(file), options);
  source->SetParquet(std::move(parquet));
  RETURN_IF_ERROR(source->Start(std::move(reader)));
  return source;
}

absl::StatusOr<std::unique_ptr<TableSource>> OpenIpcSource(RawFile file,
                                                           const ArrowOptions& options) {
  arrow::util::InitializeUTF8();
  ASSIGN_OR_RETURN(Reader reader, OpenIpcReader(file));
  auto source = std::make_unique<ArrowSource>(std::move(file), options);
  RETURN_IF_ERROR(source->Start(std::move(reader)));
  return source;
}

}  // namespace winnow::data
