#include "kernels/data/import/npy_source.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "arrow/util/float16.h"
#include "kernels/base/status.h"
#include "kernels/data/import/arrow_status.h"

namespace winnow::data {
namespace {

constexpr int64_t kBlockBytes = 1 << 20;
constexpr uint32_t kMaxHeaderBytes = 1 << 16;

// What the header's dictionary says.
struct NpyHeader {
  char type = 0;  // numpy's letter: b bool, i, u, f
  int32_t item_bytes = 0;
  int64_t rows = 0, columns = 1;
};

// The text after 'key': in a Python dictionary literal.
std::optional<std::string> ValueOf(const std::string& text, const std::string& key) {
  size_t at = text.find("'" + key + "'");
  if (at == std::string::npos) return std::nullopt;
  at = text.find(':', at);
  if (at == std::string::npos) return std::nullopt;
  at = text.find_first_not_of(' ', at + 1);
  return at == std::string::npos ? std::nullopt : std::optional(text.substr(at));
}

// "(60000, 784)", "(72,)": up to `max` sizes.
std::optional<std::vector<int64_t>> ParseShape(const std::string& text) {
  std::vector<int64_t> sizes;
  if (text.empty() || text[0] != '(') return std::nullopt;
  size_t at = 1;
  while (at < text.size() && text[at] != ')') {
    if (text[at] == ' ' || text[at] == ',') {
      ++at;
      continue;
    }
    int64_t value = 0;
    const size_t begin = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - begin < 15) {
      value = value * 10 + (text[at++] - '0');
    }
    if (at == begin) return std::nullopt;
    sizes.push_back(value);
  }
  return at < text.size() ? std::optional(sizes) : std::nullopt;
}

absl::StatusOr<NpyHeader> ParseHeader(const std::string& text, const std::string& name) {
  const auto refuse = [&name](const std::string& what) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": ", what));
  };
  const auto type = ValueOf(text, "descr");
  const auto order = ValueOf(text, "fortran_order");
  const auto shape = ValueOf(text, "shape");
  if (!type || !order || !shape) return refuse("the header of the npy file is damaged");
  NpyHeader header;
  if (type->size() < 5 || (*type)[0] != '\'' || (*type)[4] != '\'') {
    return refuse(
        absl::StrCat("elements of the type ", Quoted(type->substr(0, 20)), "; expected numbers"));
  }
  header.type = (*type)[2];
  header.item_bytes = (*type)[3] - '0';
  const std::string code = type->substr(2, 2);
  static const std::set<std::string> known = {"b1", "i1", "i2", "i4", "i8", "u1",
                                              "u2", "u4", "u8", "f2", "f4", "f8"};
  if (known.count(code) == 0 || ((*type)[1] == '>' && header.item_bytes > 1)) {
    return refuse(absl::StrCat("elements of the type ", Quoted(type->substr(1, 3)),
                               "; expected little-endian numbers"));
  }
  const auto sizes = ParseShape(*shape);
  if (!sizes || sizes->empty() || sizes->size() > 2) {
    return refuse("the array must have one dimension or two");
  }
  header.rows = (*sizes)[0];
  if (sizes->size() == 2) header.columns = (*sizes)[1];
  if (order->compare(0, 4, "True") == 0 && header.columns > 1) {
    return refuse("the array is in Fortran order; save it with numpy.ascontiguousarray");
  }
  if (header.rows == 0 || header.columns == 0) return refuse("there are no rows in the file");
  if (header.columns > 10'000'000) return refuse(absl::StrCat(header.columns, " columns"));
  return header;
}

class NpySource : public TableSource {
 public:
  NpySource(RawFile file, const NpyOptions& options)
      : file_(std::move(file)), names_(options.names), max_rows_(options.max_rows) {}

  absl::Status Start() {
    ASSIGN_OR_RETURN(stream_, file_.Stream());
    std::string start;
    RETURN_IF_ERROR(ReadExactly(8, &start));
    if (start.compare(0, 6, "\x93NUMPY") != 0) {
      return Invalid("is not an npy file: it does not begin with \\x93NUMPY");
    }
    const int length_bytes = start[6] == 1 ? 2 : 4;
    std::string length, text;
    RETURN_IF_ERROR(ReadExactly(length_bytes, &length));
    uint32_t header_bytes = 0;
    std::memcpy(&header_bytes, length.data(), length.size());
    if (header_bytes > kMaxHeaderBytes) return Invalid("the header of the npy file is damaged");
    RETURN_IF_ERROR(ReadExactly(header_bytes, &text));
    ASSIGN_OR_RETURN(header_, ParseHeader(text, file_.name()));
    if (names_.empty()) {
      for (int64_t i = 0; i < header_.columns; ++i) names_.push_back(absl::StrCat("x", i));
    }
    if (static_cast<int64_t>(names_.size()) != header_.columns) {
      return Invalid(absl::StrCat("the array has ", header_.columns, " columns, the schema names ",
                                  names_.size()));
    }
    return absl::OkStatus();
  }

  const std::vector<std::string>& names() const override { return names_; }
  absl::Status Project(const std::vector<int32_t>&) override { return absl::OkStatus(); }

  absl::StatusOr<int64_t> NextBatch() override {
    const int64_t row_bytes = header_.columns * header_.item_bytes;
    const int64_t end = max_rows_ < 0 ? header_.rows : std::min(header_.rows, max_rows_);
    first_row_ = next_row_;
    batch_rows_ = std::min(std::max<int64_t>(1, kBlockBytes / row_bytes), end - next_row_);
    next_row_ += batch_rows_;
    if (batch_rows_ > 0) RETURN_IF_ERROR(ReadExactly(batch_rows_ * row_bytes, &bytes_));
    return batch_rows_;
  }

  absl::Status ReadColumn(int32_t column, std::vector<Cell>* cells) override {
    cells->resize(static_cast<size_t>(batch_rows_));
    const int64_t stride = header_.columns * header_.item_bytes;
    const char* at = bytes_.data() + int64_t{column} * header_.item_bytes;
    for (Cell& cell : *cells) {
      cell = ReadItem(at);
      at += stride;
    }
    return absl::OkStatus();
  }

  int64_t first_row_number() const override { return first_row_ + 1; }
  int64_t bytes_read() const override { return file_.bytes_read(); }
  bool is_complete() const override { return next_row_ == header_.rows; }

 private:
  template <typename T>
  static T Load(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }

  Cell ReadItem(const char* at) const {
    if (header_.type == 'f') {
      const double value = header_.item_bytes == 8 ? Load<double>(at)
                           : header_.item_bytes == 4
                               ? Load<float>(at)
                               : arrow::util::Float16::FromBits(Load<uint16_t>(at)).ToDouble();
      return std::isnan(value) ? Cell::Missing() : Cell::Number(value);
    }
    const bool is_signed = header_.type == 'i';
    switch (header_.item_bytes) {
      case 1:
        return Cell::Integer(is_signed ? Load<int8_t>(at) : Load<uint8_t>(at));
      case 2:
        return Cell::Integer(is_signed ? Load<int16_t>(at) : Load<uint16_t>(at));
      case 4:
        return Cell::Integer(is_signed ? int64_t{Load<int32_t>(at)} : int64_t{Load<uint32_t>(at)});
      default:
        break;
    }
    const auto bits = Load<uint64_t>(at);
    if (!is_signed && bits > INT64_MAX) return Cell::Number(static_cast<double>(bits));
    return Cell::Integer(static_cast<int64_t>(bits));
  }

  absl::Status ReadExactly(int64_t size, std::string* out) {
    out->resize(static_cast<size_t>(size));
    int64_t have = 0;
    while (have < size) {
      WINNOW_ASSIGN_FROM_ARROW(const int64_t got, stream_->Read(size - have, out->data() + have),
                               file_.name());
      if (got == 0) return Invalid("the npy file is cut short");
      have += got;
    }
    return absl::OkStatus();
  }
  absl::Status Invalid(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(file_.name(), ": ", what));
  }

  RawFile file_;
  std::vector<std::string> names_;
  int64_t max_rows_;
  NpyHeader header_;
  std::shared_ptr<arrow::io::InputStream> stream_;
  std::string bytes_;
  int64_t batch_rows_ = 0, first_row_ = 0, next_row_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TableSource>> OpenNpySource(RawFile file,
                                                           const NpyOptions& options) {
  auto source = std::make_unique<NpySource>(std::move(file), options);
  RETURN_IF_ERROR(source->Start());
  return source;
}

}  // namespace winnow::data
