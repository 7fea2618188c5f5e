#include "client/cli/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/cli/text.h"

namespace winnow::cli {

Table& Table::Column(const std::string& title, Align align) {
  titles_.push_back(title);
  aligns_.push_back(align);
  return *this;
}

void Table::Row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::Line(const std::vector<std::string>& cells,
                        const std::vector<size_t>& widths) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    const std::string padding(widths[i] - WidthOf(cells[i]), ' ');
    const bool right = aligns_[i] == Align::kRight;
    absl::StrAppend(&line, i == 0 ? "" : "  ", right ? padding : "", cells[i],
                    right ? "" : padding);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::string Table::Text(const std::string& indent) const {
  std::vector<size_t> widths;
  for (size_t i = 0; i < titles_.size(); ++i) {
    widths.push_back(WidthOf(titles_[i]));
    for (const auto& row : rows_) widths[i] = std::max(widths[i], WidthOf(row[i]));
  }
  std::string text = absl::StrCat(indent, Line(titles_, widths), "\n");
  for (const auto& row : rows_) absl::StrAppend(&text, indent, Line(row, widths), "\n");
  return text;
}

}  // namespace winnow::cli
