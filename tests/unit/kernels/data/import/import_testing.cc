#include "tests/unit/kernels/data/import/import_testing.h"

#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "kernels/data/import/cell.h"

namespace winnow::data {

int32_t Imported::Column(const std::string& name) const {
  for (size_t i = 0; i < profile.columns.size(); ++i) {
    if (profile.columns[i].name == name) return static_cast<int32_t>(i);
  }
  ADD_FAILURE() << "no column " << name;
  return 0;
}

std::string Imported::Value(int64_t row, const std::string& column) const {
  const int32_t index = Column(column);
  const ColumnKind kind = profile.columns[index].kind;
  int32_t position = 0;
  for (int32_t i = 0; i < index; ++i) position += profile.columns[i].kind == kind;
  if (kind == ColumnKind::kNumeric) {
    const float x = table->numeric(row)[position];
    return std::isnan(x) ? "missing" : NumberText(x);
  }
  const int32_t code = table->codes(row)[position];
  if (code == 0) return "missing";
  for (const Dictionary& dictionary : dictionaries) {
    if (dictionary.column == index) return std::string(dictionary.value(code));
  }
  return "#" + std::to_string(code);  // hashed
}

std::vector<std::string> Imported::Values(const std::string& column) const {
  std::vector<std::string> values;
  for (int64_t row = 0; row < table->rows(); ++row) values.push_back(Value(row, column));
  return values;
}

std::vector<std::string> Imported::Targets() const {
  std::vector<std::string> targets;
  for (int64_t row = 0; row < table->rows(); ++row) {
    const float y = table->target(row);
    const bool is_class = profile.target.kind != TargetKind::kRegression;
    targets.push_back(is_class ? profile.target.classes.at(static_cast<size_t>(y)) : NumberText(y));
  }
  return targets;
}

InputFile ImportTest::Text(const std::string& name, const std::string& content, FileRole role) {
  WriteBytes(dir_.File(name), content);
  return {dir_.File(name), role, name};
}

InputFile ImportTest::Gzip(const std::string& name, const std::string& content, FileRole role) {
  return Text(name, GzipBytes(content), role);
}

absl::StatusOr<Imported> ImportTest::Import(const std::vector<InputFile>& files,
                                            const DatasetSchema& schema) {
  output_dir_ = dir_.File("out" + std::to_string(imports_++));
  std::filesystem::create_directory(output_dir_);
  progress_.clear();
  const auto note = [this](const ImportProgress& progress) { progress_.push_back(progress); };
  auto profile = ImportDataset(schema, files, output_dir_, note, stop_, options_);
  if (!profile.ok()) return profile.status();
  auto table = PackedTable::Open(output_dir_ + "/" + kTableFile);
  if (!table.ok()) return table.status();
  auto dictionaries = ReadDictionaries(output_dir_ + "/" + kDictionariesFile);
  if (!dictionaries.ok()) return dictionaries.status();
  const absl::Status content = table->VerifyContent(*profile);
  if (!content.ok()) return content;
  Imported imported;
  imported.profile = *std::move(profile);
  imported.table = std::make_unique<PackedTable>(*std::move(table));
  imported.dictionaries = *std::move(dictionaries);
  return imported;
}

std::string ImportTest::Refusal(const std::vector<InputFile>& files, const DatasetSchema& schema) {
  const auto imported = Import(files, schema);
  EXPECT_EQ(imported.status().code(), absl::StatusCode::kInvalidArgument) << imported.status();
  EXPECT_TRUE(std::filesystem::is_empty(output_dir_));
  return std::string(imported.status().message());
}

std::string GzipBytes(const std::string& content) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&stream, content.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string ReadBytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

DatasetSchema TargetIs(const std::string& column, std::optional<TargetKind> kind) {
  DatasetSchema schema;
  schema.target.column = column;
  schema.target.kind = kind;
  return schema;
}

}  // namespace winnow::data
