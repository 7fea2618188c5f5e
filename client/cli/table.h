// Aligned columns.
#ifndef WINNOW_CLIENT_CLI_TABLE_H_
#define WINNOW_CLIENT_CLI_TABLE_H_

#include <string>
#include <vector>

namespace winnow::cli {

class Table {
 public:
  enum class Align { kLeft, kRight };

  // One column; columns are set before rows.
  Table& Column(const std::string& title, Align align = Align::kLeft);
  // REQUIRES: as many cells as columns.
  void Row(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }

  // Title line, then the rows, two spaces between columns, each line after `indent`.
  std::string Text(const std::string& indent = "") const;

 private:
  std::string Line(const std::vector<std::string>& cells, const std::vector<size_t>& widths) const;

  std::vector<std::string> titles_;
  std::vector<Align> aligns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_TABLE_H_
