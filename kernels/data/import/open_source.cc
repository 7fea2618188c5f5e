#include "kernels/data/import/open_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"
#include "kernels/data/import/arrow_source.h"
#include "kernels/data/import/input_files.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/import/npy_source.h"
#include "kernels/data/import/sniff.h"
#include "kernels/data/import/text_source.h"

namespace winnow::data {
namespace {

bool IsText(FileFormat format) {
  return format == FileFormat::kCsv || format == FileFormat::kTsv ||
         format == FileFormat::kCriteoTsv;
}

TextDialect DialectOf(const DatasetSchema& schema) {
  TextDialect dialect;
  const bool is_criteo = *schema.format == FileFormat::kCriteoTsv;
  dialect.delimiter = schema.delimiter ? (*schema.delimiter)[0] : '\t';
  dialect.quoting = !is_criteo;
  dialect.has_header = schema.header.value_or(false);
  dialect.trim = schema.trim.value_or(true);
  dialect.comment = schema.comment.value_or("");
  dialect.missing = schema.missing.value_or(std::vector<std::string>());
  dialect.names = is_criteo ? CriteoColumnNames() : schema.names;
  return dialect;
}

// Rows of `columns` values that make up max_bytes.
int64_t RowLimit(int64_t max_bytes, int64_t columns) {
  constexpr int64_t kLeast = 1000;
  return max_bytes < 0 ? -1 : std::max(kLeast, max_bytes / (8 * std::max<int64_t>(1, columns)));
}

}  // namespace

absl::Status CompleteDialect(const InputFile& file, DatasetSchema* schema) {
  ASSIGN_OR_RETURN(const RawFile raw, RawFile::Open(file));
  if (!schema->format) {
    ASSIGN_OR_RETURN(schema->format, SniffFormat(raw));
  }
  if (!schema->trim) schema->trim = true;
  if (!schema->missing) schema->missing = DefaultMissingTexts();
  if (!IsText(*schema->format)) return absl::OkStatus();
  const TextSample sample = SampleText(raw, schema->comment.value_or(""));
  if (*schema->format == FileFormat::kCriteoTsv) {
    schema->header = false;
    schema->delimiter = std::string(1, '\t');
    return absl::OkStatus();
  }
  if (!schema->delimiter) {
    const bool is_tsv = *schema->format == FileFormat::kTsv;
    schema->delimiter = std::string(1, is_tsv ? '\t' : SniffDelimiter(sample));
  }
  if (!schema->header) {
    schema->header = schema->names.empty() && SniffHeader(sample, (*schema->delimiter)[0]);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<TableSource>> OpenSource(const InputFile& file,
                                                        const DatasetSchema& schema,
                                                        const SourceLimits& limits) {
  ASSIGN_OR_RETURN(RawFile raw, RawFile::Open(file));
  const std::string name = raw.name();
  switch (*schema.format) {
    case FileFormat::kCsv:
    case FileFormat::kTsv:
    case FileFormat::kCriteoTsv: {
      const TextLimits text_limits{limits.block_bytes, limits.max_bytes};
      return OpenTextSource(std::move(raw), DialectOf(schema), text_limits);
    }
    case FileFormat::kParquet:
    case FileFormat::kArrow: {
      ArrowOptions options;
      options.trim = *schema.trim;
      options.missing = *schema.missing;
      const bool is_parquet = *schema.format == FileFormat::kParquet;
      const auto open = is_parquet ? OpenParquetSource : OpenIpcSource;
      ASSIGN_OR_RETURN(auto source, open(raw, options));
      const auto columns = static_cast<int64_t>(source->names().size());
      options.max_rows = RowLimit(limits.max_bytes, columns);
      return options.max_rows < 0 ? std::move(source) : open(std::move(raw), options);
    }
    case FileFormat::kNpy: {
      NpyOptions options;
      options.names = schema.names;
      ASSIGN_OR_RETURN(auto source, OpenNpySource(raw, options));
      const auto columns = static_cast<int64_t>(source->names().size());
      options.max_rows = RowLimit(limits.max_bytes, columns);
      return options.max_rows < 0 ? std::move(source) : OpenNpySource(std::move(raw), options);
    }
    case FileFormat::kLibsvm:
    case FileFormat::kLibfm:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(name, ": the format ", FileFormatName(*schema.format),
                   " is not built yet; csv, tsv, criteo_tsv, parquet, "
                   "arrow and npy are"));
}

absl::StatusOr<std::vector<Cell>> ReadLabels(const InputFile& file) {
  ASSIGN_OR_RETURN(RawFile raw, RawFile::Open(file));
  ASSIGN_OR_RETURN(const auto source, OpenNpySource(std::move(raw), NpyOptions()));
  if (source->names().size() != 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(DisplayName(file), ": ", source->names().size(), " labels a row, expected 1"));
  }
  std::vector<Cell> labels, batch;
  while (true) {
    ASSIGN_OR_RETURN(const int64_t rows, source->NextBatch());
    if (rows == 0) return labels;
    RETURN_IF_ERROR(source->ReadColumn(0, &batch));
    labels.insert(labels.end(), batch.begin(), batch.end());
  }
}

}  // namespace winnow::data
