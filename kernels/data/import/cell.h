// One value of a raw table, whatever the file format: what sources hand to encoders.
#ifndef WINNOW_KERNELS_DATA_IMPORT_CELL_H_
#define WINNOW_KERNELS_DATA_IMPORT_CELL_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace winnow::data {

struct Cell {
  enum class Kind : uint8_t { kMissing, kNumber, kInteger, kText };

  static Cell Missing() { return Cell(); }
  static Cell Number(double value) {
    Cell cell;
    cell.kind = Kind::kNumber;
    cell.number = value;
    return cell;
  }
  static Cell Integer(int64_t value) {
    Cell cell;
    cell.kind = Kind::kInteger;
    cell.integer = value;
    return cell;
  }
  // OWNERSHIP: the bytes stay with the source.
  static Cell Text(std::string_view value) {
    Cell cell;
    cell.kind = Kind::kText;
    cell.data = value.data();
    cell.size = static_cast<uint32_t>(value.size());
    return cell;
  }

  bool is_missing() const { return kind == Kind::kMissing; }
  // REQUIRES: kind == kText.
  std::string_view text() const { return {data, size}; }

  union {
    double number = 0;
    int64_t integer;
    const char* data;
  };
  uint32_t size = 0;
  Kind kind = Kind::kMissing;
};
static_assert(sizeof(Cell) == 16);

enum class ParseResult { kOk, kNotANumber, kNan, kTooLarge };

// A decimal number with optional sign, fraction and exponent, and nothing else; "nan" in any case
// is kNan. Infinities and numbers beyond double are kTooLarge; numbers too small for double are 0.
ParseResult ParseNumber(std::string_view text, double* value);

// The value as text: integers in decimal, other numbers in their shortest form that reads back the
// same, so that 1, 1.0 and 1e0 are one text. `buffer` holds the text where it had to be made.
// REQUIRES: not missing.
std::string_view CellText(const Cell& cell, std::string* buffer);

// Shortest form of a number, as CellText.
std::string NumberText(double value);

// The cell for an error message: quoted, cut to 60 bytes, control characters replaced.
std::string Quoted(std::string_view text);
std::string Quoted(const Cell& cell);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_CELL_H_
