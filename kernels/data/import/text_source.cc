#include "kernels/data/import/text_source.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/csv/options.h"
#include "arrow/csv/parser.h"
#include "arrow/util/utf8.h"
#include "kernels/base/status.h"
#include "kernels/data/import/arrow_status.h"
#include "kernels/data/import/comment_filter.h"

namespace winnow::data {
namespace {

constexpr int32_t kMaxBatchRows = 16384;  // keeps a column's cells in the cache
constexpr size_t kMaxRowBytes = size_t{64} << 20;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool IsBlank(std::string_view text) {
  return text.find_first_not_of("\r\n") == std::string_view::npos;
}

arrow::csv::ParseOptions MakeParseOptions(char delimiter, bool quoting) {
  auto options = arrow::csv::ParseOptions::Defaults();
  options.delimiter = delimiter;
  options.quoting = quoting;
  options.newlines_in_values = quoting;
  return options;
}

class TextSource : public TableSource {
 public:
  TextSource(RawFile file, TextDialect dialect, const TextLimits& limits)
      : file_(std::move(file)),
        dialect_(std::move(dialect)),
        limits_(limits),
        missing_(dialect_.missing),
        filter_(dialect_.comment),
        window_(static_cast<size_t>(limits.block_bytes)) {
    options_ = MakeParseOptions(dialect_.delimiter, dialect_.quoting);
    // Rows before a ragged one are handed out first, so that which error comes first does not
    // depend on the size of blocks.
    options_.invalid_row_handler = [this](const arrow::csv::InvalidRow& row) {
      if (ragged_.empty()) NoteRaggedRow(row);
      return arrow::csv::InvalidRowResult::Skip;
    };
  }

  absl::Status Start() {
    ASSIGN_OR_RETURN(stream_, file_.Stream());
    ASSIGN_OR_RETURN(const int64_t rows, Parse(1));
    if (rows == 0) return Invalid("there are no rows in the file");
    num_columns_ = parser_->num_cols();
    if (dialect_.has_header) {
      RETURN_IF_ERROR(ReadHeader());
      ++next_row_;
    } else {
      pending_rows_ = rows;  // the row just parsed is the first batch
    }
    return ChooseNames();
  }

  const std::vector<std::string>& names() const override { return names_; }

  absl::Status Project(const std::vector<int32_t>&) override { return absl::OkStatus(); }

  absl::StatusOr<int64_t> NextBatch() override {
    int64_t rows = std::exchange(pending_rows_, 0);
    if (rows == 0) {
      ASSIGN_OR_RETURN(rows, Parse(kMaxBatchRows));
    }
    if (rows == 0 && dialect_.has_header && next_row_ == 2 && !is_cut_) {
      return Invalid("there are no rows below the header");
    }
    first_row_ = next_row_;
    next_row_ += rows;
    return rows;
  }

  absl::Status ReadColumn(int32_t column, std::vector<Cell>* cells) override {
    cells->clear();
    cells->reserve(static_cast<size_t>(parser_->num_rows()));
    // Rows after a ragged one are not handed out.
    const auto rows = static_cast<size_t>(next_row_ - first_row_);
    const bool trim = dialect_.trim;
    const auto visit = [&](const uint8_t* data, uint32_t size, bool) {
      if (cells->size() == rows) return arrow::Status::OK();
      std::string_view text(reinterpret_cast<const char*>(data), size);
      if (trim) text = TrimBlanks(text);
      cells->push_back(missing_.Contains(text) ? Cell::Missing() : Cell::Text(text));
      return arrow::Status::OK();
    };
    return FromArrow(parser_->VisitColumn(column, visit), file_.name());
  }

  int64_t first_row_number() const override { return first_row_; }
  int64_t bytes_read() const override { return file_.bytes_read(); }
  bool is_complete() const override { return !is_cut_; }

 private:
  absl::Status Invalid(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(file_.name(), ": ", what));
  }

  // Parses up to max_rows further rows into parser_; 0 at the end.
  absl::StatusOr<int64_t> Parse(int32_t max_rows) {
    if (!ragged_.empty()) return Invalid(ragged_);
    while (true) {
      RETURN_IF_ERROR(Fill());
      if (position_ == buffer_.size()) return 0;
      const size_t size = std::min(window_, buffer_.size() - position_);
      const bool is_final = is_end_ && position_ + size == buffer_.size();
      const std::string_view view(buffer_.data() + position_, size);
      parser_ =
          std::make_unique<arrow::csv::BlockParser>(options_, num_columns_, next_row_, max_rows);
      uint32_t parsed = 0;
      // Rows that a limit cuts off at the end are no rows.
      const arrow::Status status =
          is_final && !is_cut_ ? parser_->ParseFinal(view, &parsed) : parser_->Parse(view, &parsed);
      // Without any whole row the parser cannot tell the number of columns.
      if (!status.ok() && num_columns_ < 0 && !is_final) {
        RETURN_IF_ERROR(Widen());
        continue;
      }
      if (!status.ok() && num_columns_ < 0 && IsBlank(view)) return 0;
      if (!status.ok()) return FromArrow(status, file_.name());
      position_ += parsed;
      if (!ragged_.empty()) {
        return ragged_row_ == next_row_ ? absl::StatusOr<int64_t>(Invalid(ragged_))
                                        : ragged_row_ - next_row_;
      }
      if (parser_->num_rows() > 0) return parser_->num_rows();
      if (is_final) return 0;
      if (parsed == 0) RETURN_IF_ERROR(Widen());
    }
  }

  // A row does not fit the window.
  absl::Status Widen() {
    if (window_ >= kMaxRowBytes) {
      return Invalid(absl::StrCat("row ", next_row_, " is longer than ", kMaxRowBytes >> 20,
                                  " MiB; is a closing quote missing?"));
    }
    window_ *= 2;
    return absl::OkStatus();
  }

  // Makes the buffer hold a window of text, or all that is left.
  absl::Status Fill() {
    if (is_end_ || buffer_.size() - position_ >= window_) return absl::OkStatus();
    buffer_.erase(0, position_);
    position_ = 0;
    while (!is_end_ && buffer_.size() < window_) {
      const int64_t wanted = std::max<int64_t>(limits_.block_bytes, 1);
      block_.resize(static_cast<size_t>(wanted));
      WINNOW_ASSIGN_FROM_ARROW(const int64_t got, stream_->Read(wanted, block_.data()),
                               file_.name());
      RETURN_IF_ERROR(Take(std::string_view(block_.data(), static_cast<size_t>(got))));
    }
    return absl::OkStatus();
  }

  absl::Status Take(std::string_view piece) {
    if (const size_t zero = piece.find('\0'); zero != std::string_view::npos) {
      return Invalid(absl::StrCat("a zero byte at offset ",
                                  text_bytes_ + static_cast<int64_t>(zero),
                                  ": this is not a text file"));
    }
    if (limits_.max_bytes >= 0 &&
        text_bytes_ + static_cast<int64_t>(piece.size()) > limits_.max_bytes) {
      piece = piece.substr(0, static_cast<size_t>(limits_.max_bytes - text_bytes_));
      is_cut_ = is_end_ = true;
    }
    is_end_ |= piece.empty();
    // The mark may be split only when blocks are shorter than it; blocks of tests are.
    if (text_bytes_ < static_cast<int64_t>(kByteOrderMark.size()) && file_.head().size() >= 3 &&
        file_.head().compare(0, 3, kByteOrderMark) == 0) {
      const size_t skip =
          std::min(piece.size(), kByteOrderMark.size() - static_cast<size_t>(text_bytes_));
      text_bytes_ += static_cast<int64_t>(skip);
      piece.remove_prefix(skip);
    }
    text_bytes_ += static_cast<int64_t>(piece.size());
    filter_.Append(piece.data(), piece.size(), &buffer_);
    if (is_end_ && !is_cut_) filter_.Finish(&buffer_);
    return absl::OkStatus();
  }

  void NoteRaggedRow(const arrow::csv::InvalidRow& row) {
    ragged_row_ = row.number;
    ragged_ = absl::StrCat("row ", row.number, ": ", row.actual_columns, " fields, expected ",
                           row.expected_columns, ": ", Quoted(row.text));
    if (row.text.find('"') != std::string_view::npos && dialect_.quoting) {
      absl::StrAppend(&ragged_, "; is a quote missing?");
    }
  }

  absl::Status ReadHeader() {
    const auto visit = [this](const uint8_t* data, uint32_t size, bool) {
      const std::string_view text(reinterpret_cast<const char*>(data), size);
      header_.emplace_back(TrimBlanks(text));
      return arrow::Status::OK();
    };
    RETURN_IF_ERROR(FromArrow(parser_->VisitLastRow(visit), file_.name()));
    for (size_t i = 0; i < header_.size(); ++i) {
      if (!arrow::util::ValidateUTF8(header_[i])) {
        return Invalid(absl::StrCat("row 1: the name of column ", i + 1, " is not valid UTF-8"));
      }
      if (header_[i].empty()) header_[i] = absl::StrCat("column_", i);
    }
    return absl::OkStatus();
  }

  absl::Status ChooseNames() {
    names_ = dialect_.names.empty() ? header_ : dialect_.names;
    if (names_.empty()) {
      for (int32_t i = 0; i < num_columns_; ++i) names_.push_back(absl::StrCat("column_", i));
    }
    if (static_cast<int32_t>(names_.size()) != num_columns_) {
      return Invalid(absl::StrCat("row ", dialect_.has_header ? 2 : 1, " has ", num_columns_,
                                  " fields, the schema names ", names_.size(), " columns"));
    }
    std::set<std::string> seen;
    for (const std::string& name : names_) {
      if (!seen.insert(name).second) {
        return Invalid(
            absl::StrCat("two columns are called ", Quoted(name), "; names must be distinct"));
      }
    }
    return absl::OkStatus();
  }

  RawFile file_;
  TextDialect dialect_;
  TextLimits limits_;
  MissingTexts missing_;
  CommentFilter filter_;
  arrow::csv::ParseOptions options_;
  std::shared_ptr<arrow::io::InputStream> stream_;
  std::unique_ptr<arrow::csv::BlockParser> parser_;
  std::vector<std::string> header_, names_;
  int32_t num_columns_ = -1;
  size_t window_;       // bytes given to the parser at a time
  std::string block_;   // just read
  std::string buffer_;  // text without comments; parsed up to position_
  size_t position_ = 0;
  int64_t text_bytes_ = 0;  // taken from the stream
  bool is_end_ = false;     // of the stream, or of the limit
  bool is_cut_ = false;     // by the limit
  int64_t pending_rows_ = 0;
  int64_t next_row_ = 1, first_row_ = 1;
  std::string ragged_;  // the error of the first ragged row
  int64_t ragged_row_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TableSource>> OpenTextSource(RawFile file,
                                                            const TextDialect& dialect,
                                                            const TextLimits& limits) {
  arrow::util::InitializeUTF8();
  const std::string& head = file.head();
  if (head.size() >= 2 &&
      (head.compare(0, 2, "\xff\xfe") == 0 || head.compare(0, 2, "\xfe\xff") == 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), ": is UTF-16 text; save it as UTF-8"));
  }
  auto source = std::make_unique<TextSource>(std::move(file), dialect, limits);
  RETURN_IF_ERROR(source->Start());
  return source;
}

TextHead ParseHead(const std::string& text, bool is_whole, char delimiter, bool quoting,
                   int32_t max_rows) {
  TextHead head;
  auto options = MakeParseOptions(delimiter, quoting);
  options.invalid_row_handler = [&head](const arrow::csv::InvalidRow&) {
    ++head.other_rows;
    return arrow::csv::InvalidRowResult::Skip;
  };
  arrow::csv::BlockParser parser(options, -1, 1, max_rows);
  uint32_t parsed = 0;
  const arrow::Status status =
      is_whole ? parser.ParseFinal(text, &parsed) : parser.Parse(text, &parsed);
  if (!status.ok() || parser.num_rows() == 0) return head;
  head.columns = parser.num_cols();
  head.rows.resize(static_cast<size_t>(parser.num_rows()));
  for (int32_t column = 0; column < head.columns; ++column) {
    size_t row = 0;
    const auto visit = [&head, &row](const uint8_t* data, uint32_t size, bool) {
      head.rows[row++].emplace_back(reinterpret_cast<const char*>(data), size);
      return arrow::Status::OK();
    };
    if (!parser.VisitColumn(column, visit).ok()) break;
  }
  return head;
}

std::string CleanHead(const std::string& text, const std::string& comment) {
  std::string out;
  CommentFilter filter(comment);
  const size_t skip =
      text.compare(0, kByteOrderMark.size(), kByteOrderMark) == 0 ? kByteOrderMark.size() : 0;
  filter.Append(text.data() + skip, text.size() - skip, &out);
  filter.Finish(&out);
  return out;
}

}  // namespace winnow::data
