#include "kernels/data/import/array_cells.h"

#include <cmath>
#include <memory>

#include "absl/strings/str_cat.h"
#include "arrow/extension_type.h"
#include "arrow/type.h"
#include "arrow/util/decimal.h"
#include "arrow/util/float16.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

// Appends make(i) for every value that is present.
template <typename Make>
void Append(const arrow::Array& array, std::vector<Cell>* cells, const Make& make) {
  for (int64_t i = 0; i < array.length(); ++i) {
    cells->push_back(array.IsNull(i) ? Cell::Missing() : make(i));
  }
}

Cell NumberOrMissing(double value) {
  return std::isnan(value) ? Cell::Missing() : Cell::Number(value);
}

template <typename Array>
void Integers(const arrow::Array& array, std::vector<Cell>* cells) {
  const auto& typed = static_cast<const Array&>(array);
  Append(array, cells,
         [&](int64_t i) { return Cell::Integer(static_cast<int64_t>(typed.Value(i))); });
}

template <typename Array>
void Numbers(const arrow::Array& array, double unit, std::vector<Cell>* cells) {
  const auto& typed = static_cast<const Array&>(array);
  Append(array, cells,
         [&](int64_t i) { return NumberOrMissing(static_cast<double>(typed.Value(i)) * unit); });
}

template <typename Array>
void Texts(const arrow::Array& array, const MissingTexts& missing, bool trim,
           std::vector<Cell>* cells) {
  const auto& typed = static_cast<const Array&>(array);
  Append(array, cells, [&](int64_t i) {
    const std::string_view text = trim ? TrimBlanks(typed.GetView(i)) : typed.GetView(i);
    return missing.Contains(text) ? Cell::Missing() : Cell::Text(text);
  });
}

template <typename Array, typename Decimal>
void Decimals(const arrow::Array& array, std::vector<Cell>* cells) {
  const auto& typed = static_cast<const Array&>(array);
  const int32_t scale = static_cast<const arrow::DecimalType&>(*array.type()).scale();
  Append(array, cells,
         [&](int64_t i) { return Cell::Number(Decimal(typed.GetValue(i)).ToDouble(scale)); });
}

double SecondsPer(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1e-3;
    case arrow::TimeUnit::MICRO:
      return 1e-6;
    case arrow::TimeUnit::NANO:
      return 1e-9;
  }
  return 1;
}

absl::Status Dictionary(const arrow::Array& array, const MissingTexts& missing, bool trim,
                        std::vector<Cell>* cells) {
  const auto& typed = static_cast<const arrow::DictionaryArray&>(array);
  std::vector<Cell> values;
  RETURN_IF_ERROR(ArrayCells(*typed.dictionary(), missing, trim, &values));
  const auto size = static_cast<int64_t>(values.size());
  for (int64_t i = 0; i < array.length(); ++i) {
    const int64_t index = array.IsNull(i) ? 0 : typed.GetValueIndex(i);
    if (!array.IsNull(i) && (index < 0 || index >= size)) {
      return absl::InvalidArgumentError("a dictionary index beyond its dictionary");
    }
    cells->push_back(array.IsNull(i) ? Cell::Missing() : values[static_cast<size_t>(index)]);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ArrayCells(const arrow::Array& array, const MissingTexts& missing, bool trim,
                        std::vector<Cell>* cells) {
  cells->clear();
  cells->reserve(static_cast<size_t>(array.length()));
  const arrow::DataType& type = *array.type();
  switch (array.type_id()) {
    case arrow::Type::NA:
      cells->resize(static_cast<size_t>(array.length()));
      break;
    case arrow::Type::BOOL:
      Integers<arrow::BooleanArray>(array, cells);
      break;
    case arrow::Type::INT8:
      Integers<arrow::Int8Array>(array, cells);
      break;
    case arrow::Type::INT16:
      Integers<arrow::Int16Array>(array, cells);
      break;
    case arrow::Type::INT32:
      Integers<arrow::Int32Array>(array, cells);
      break;
    case arrow::Type::INT64:
      Integers<arrow::Int64Array>(array, cells);
      break;
    case arrow::Type::UINT8:
      Integers<arrow::UInt8Array>(array, cells);
      break;
    case arrow::Type::UINT16:
      Integers<arrow::UInt16Array>(array, cells);
      break;
    case arrow::Type::UINT32:
      Integers<arrow::UInt32Array>(array, cells);
      break;
    case arrow::Type::UINT64: {
      const auto& typed = static_cast<const arrow::UInt64Array&>(array);
      Append(array, cells, [&](int64_t i) {
        const uint64_t value = typed.Value(i);
        return value <= INT64_MAX ? Cell::Integer(static_cast<int64_t>(value))
                                  : Cell::Number(static_cast<double>(value));
      });
      break;
    }
    case arrow::Type::HALF_FLOAT: {
      const auto& typed = static_cast<const arrow::HalfFloatArray&>(array);
      Append(array, cells, [&](int64_t i) {
        return NumberOrMissing(arrow::util::Float16::FromBits(typed.Value(i)).ToDouble());
      });
      break;
    }
    case arrow::Type::FLOAT:
      Numbers<arrow::FloatArray>(array, 1, cells);
      break;
    case arrow::Type::DOUBLE:
      Numbers<arrow::DoubleArray>(array, 1, cells);
      break;
    case arrow::Type::DATE32:
      Numbers<arrow::Date32Array>(array, 86400, cells);
      break;
    case arrow::Type::DATE64:
      Numbers<arrow::Date64Array>(array, 1e-3, cells);
      break;
    case arrow::Type::TIMESTAMP:
      Numbers<arrow::TimestampArray>(
          array, SecondsPer(static_cast<const arrow::TimestampType&>(type).unit()), cells);
      break;
    case arrow::Type::TIME32:
      Numbers<arrow::Time32Array>(
          array, SecondsPer(static_cast<const arrow::Time32Type&>(type).unit()), cells);
      break;
    case arrow::Type::TIME64:
      Numbers<arrow::Time64Array>(
          array, SecondsPer(static_cast<const arrow::Time64Type&>(type).unit()), cells);
      break;
    case arrow::Type::DURATION:
      Numbers<arrow::DurationArray>(
          array, SecondsPer(static_cast<const arrow::DurationType&>(type).unit()), cells);
      break;
    case arrow::Type::DECIMAL128:
      Decimals<arrow::Decimal128Array, arrow::Decimal128>(array, cells);
      break;
    case arrow::Type::DECIMAL256:
      Decimals<arrow::Decimal256Array, arrow::Decimal256>(array, cells);
      break;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      Texts<arrow::BinaryArray>(array, missing, trim, cells);
      break;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      Texts<arrow::LargeBinaryArray>(array, missing, trim, cells);
      break;
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      Texts<arrow::BinaryViewArray>(array, missing, trim, cells);
      break;
    case arrow::Type::DICTIONARY:
      return Dictionary(array, missing, trim, cells);
    case arrow::Type::EXTENSION:
      return ArrayCells(*static_cast<const arrow::ExtensionArray&>(array).storage(), missing, trim,
                        cells);
    default:
      return absl::InvalidArgumentError(
          absl::StrCat("values of the type ", type.ToString(),
                       " cannot be read; expected numbers, texts, dates or dictionaries of them"));
  }
  return absl::OkStatus();
}

}  // namespace winnow::data
