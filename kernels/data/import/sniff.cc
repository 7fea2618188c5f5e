#include "kernels/data/import/sniff.h"

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kernels/data/import/cell.h"
#include "kernels/data/import/table_source.h"
#include "kernels/data/import/text_source.h"

namespace winnow::data {
namespace {

constexpr int32_t kMaxSniffedRows = 200;
constexpr size_t kCriteoColumns = 40, kCriteoIntegers = 13;

bool IsNumber(const std::string& text) {
  double value;
  return ParseNumber(text, &value) == ParseResult::kOk;
}

bool IsInteger(const std::string& text) {
  double value;
  return ParseNumber(text, &value) == ParseResult::kOk && text.find('.') == std::string::npos;
}

bool IsHexWord(const std::string& text) {
  return text.size() == 8 && std::all_of(text.begin(), text.end(), absl::ascii_isxdigit);
}

bool IsCriteoRow(const std::vector<std::string>& row) {
  if (row.size() != kCriteoColumns || (row[0] != "0" && row[0] != "1")) return false;
  for (size_t i = 1; i < row.size(); ++i) {
    const bool fits =
        row[i].empty() || (i <= kCriteoIntegers ? IsInteger(row[i]) : IsHexWord(row[i]));
    if (!fits) return false;
  }
  return true;
}

bool IsCriteo(const TextSample& sample) {
  const TextHead head = ParseHead(sample.text, sample.is_whole, '\t', false, kMaxSniffedRows);
  return !head.rows.empty() && head.other_rows == 0 &&
         std::all_of(head.rows.begin(), head.rows.end(), IsCriteoRow);
}

// "label index:value ..." or "label field:index:value ...": its number of colons per entry, 0 for
// anything else.
int SparseColons(const TextSample& sample) {
  const std::string line = sample.text.substr(0, sample.text.find('\n'));
  const size_t first = line.find(' ');
  if (first == std::string::npos || !IsNumber(line.substr(0, first))) return 0;
  const std::string entry = line.substr(first + 1, line.find(' ', first + 1) - first - 1);
  const auto colons = std::count(entry.begin(), entry.end(), ':');
  return colons <= 2 && entry.find_first_not_of("0123456789:.eE+-\r") == std::string::npos
             ? static_cast<int>(colons)
             : 0;
}

std::string EndingOf(std::string name) {
  name = absl::AsciiStrToLower(name);
  if (absl::EndsWith(name, ".gz")) name.resize(name.size() - 3);
  const size_t dot = name.rfind('.');
  return dot == std::string::npos ? "" : name.substr(dot + 1);
}

}  // namespace

absl::StatusOr<FileFormat> SniffFormat(const RawFile& file) {
  const std::string& head = file.head();
  if (head.compare(0, 4, "PAR1") == 0) return FileFormat::kParquet;
  if (head.compare(0, 6, "ARROW1") == 0) return FileFormat::kArrow;
  if (head.compare(0, 6, "\x93NUMPY") == 0) return FileFormat::kNpy;
  // An IPC stream: the continuation marker, then the length of the schema message.
  if (head.size() > 8 && head.compare(0, 4, "\xff\xff\xff\xff") == 0) return FileFormat::kArrow;
  const bool is_utf16 = head.compare(0, 2, "\xff\xfe") == 0 || head.compare(0, 2, "\xfe\xff") == 0;
  if (const size_t zero = head.find('\0'); zero != std::string::npos && !is_utf16) {
    return absl::InvalidArgumentError(
        absl::StrCat(file.name(), ": is a binary file (a zero byte at offset ", zero,
                     "); expected text, Parquet, Arrow IPC or npy"));
  }
  const TextSample sample = SampleText(file, "");
  if (IsCriteo(sample)) return FileFormat::kCriteoTsv;
  const std::string ending = EndingOf(file.name());
  if (ending == "csv") return FileFormat::kCsv;
  if (ending == "tsv" || ending == "tab") return FileFormat::kTsv;
  if (ending == "parquet" || ending == "pq" || ending == "arrow" || ending == "feather" ||
      ending == "npy") {
    return absl::InvalidArgumentError(absl::StrCat(
        file.name(), ": is text, although its name ends in .", ending, "; set `format`"));
  }
  const int colons = SparseColons(sample);
  if (colons == 1) return FileFormat::kLibsvm;
  if (colons == 2) return FileFormat::kLibfm;
  return SniffDelimiter(sample) == '\t' ? FileFormat::kTsv : FileFormat::kCsv;
}

TextSample SampleText(const RawFile& file, const std::string& comment) {
  TextSample sample;
  sample.text = CleanHead(file.head(), comment);
  // The head is 64 KiB at most; a shorter one is the whole file.
  sample.is_whole = file.head().size() < (64 << 10);
  return sample;
}

char SniffDelimiter(const TextSample& sample) {
  char best = ',';
  double best_share = 0;
  int32_t best_columns = 1;
  for (const char delimiter : {',', '\t', ';', '|'}) {
    const TextHead head = ParseHead(sample.text, sample.is_whole, delimiter, true, kMaxSniffedRows);
    if (head.columns < 2) continue;
    const auto good = static_cast<double>(head.rows.size());
    const double share = good / (good + static_cast<double>(head.other_rows));
    if (share > best_share || (share == best_share && head.columns > best_columns)) {
      best = delimiter;
      best_share = share;
      best_columns = head.columns;
    }
  }
  return best;
}

bool SniffHeader(const TextSample& sample, char delimiter) {
  TextHead head = ParseHead(sample.text, sample.is_whole, delimiter, true, kMaxSniffedRows);
  if (head.rows.empty()) return true;
  for (auto& row : head.rows) {
    for (std::string& field : row) field = std::string(TrimBlanks(field));
  }
  const std::vector<std::string>& first = head.rows[0];
  for (const std::string& field : first) {
    if (IsNumber(field) || field == "?") return false;
  }
  if (head.rows.size() == 1) return true;
  bool has_numbers_below = false, occurs_below = false;
  for (size_t column = 0; column < first.size(); ++column) {
    bool only_numbers = true, has_values = false;
    for (size_t row = 1; row < head.rows.size(); ++row) {
      const std::string& field = head.rows[row][column];
      occurs_below |= field == first[column];
      if (field.empty() || field == "?" || field == "NA") continue;
      has_values = true;
      only_numbers &= IsNumber(field);
    }
    has_numbers_below |= has_values && only_numbers;
  }
  const bool is_distinct = std::set<std::string>(first.begin(), first.end()).size() == first.size();
  return has_numbers_below || (is_distinct && !occurs_below);
}

}  // namespace winnow::data
