// What a worker reads of an imported dataset: table.bin, dictionaries.bin, profile.json.
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "kernels/data/dictionary.h"
#include "kernels/data/packed_table.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/temp_dir.h"

namespace winnow::data {
namespace {

using fuzz::Require;

constexpr size_t kCheckedBytes = 40;  // of a header; its checksum follows

uint32_t Crc(const std::string& bytes, size_t size) {
  return static_cast<uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), size));
}

void DecodeHeader(std::string file) {
  file.resize(std::max<size_t>(file.size(), kPackedHeaderBytes));
  const auto shape = DecodePackedHeader(file.data(), static_cast<int64_t>(file.size()));
  if (!shape.ok()) return;
  const auto again = DecodePackedHeader(EncodePackedHeader(*shape).data(), kPackedHeaderBytes);
  Require(again.ok() && *again == *shape, "a header can be written again");
}

// The same with the magic and the checksum that belong to the bytes between.
void DecodeSealedHeader(const std::string& input) {
  std::string file = "WNWTABL1" + input.substr(0, kCheckedBytes - 8);
  file.resize(kPackedHeaderBytes);
  const uint32_t crc = Crc(file, kCheckedBytes);
  std::memcpy(file.data() + kCheckedBytes, &crc, sizeof(crc));
  DecodeHeader(file);
}

void ReadDictionaryText(const std::string& bytes) {
  const auto dictionaries = DecodeDictionaries(bytes, "f");
  if (!dictionaries.ok()) {
    Require(absl::IsDataLoss(dictionaries.status()), "a bad file is damaged");
    return;
  }
  for (const Dictionary& dictionary : *dictionaries) {
    for (int32_t code = 1; code <= dictionary.size(); ++code) dictionary.value(code);
  }
  Require(EncodeDictionaries(*dictionaries) == bytes, "reading inverts writing");
}

std::string SealedDictionaries(const std::string& input) {
  std::string bytes = "WNWDICT1" + input;
  const uint32_t crc = Crc(bytes, bytes.size());
  return bytes.append(reinterpret_cast<const char*>(&crc), sizeof(crc));
}

void ReadProfile(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return;
  const auto profile = DatasetProfileFromJson(json);
  if (!profile.ok()) return;
  const auto again = DatasetProfileFromJson(ToJson(*profile));
  Require(again.ok() && ToJson(*again) == ToJson(*profile), "a profile can be written again");
}

// Records of any content behind a good header, against a profile that fits.
void Verify(const std::string& records) {
  static const test::TempDir* const folder = new test::TempDir;
  PackedShape shape;
  shape.num_numeric = 1;
  shape.num_categorical = 1;
  shape.rows = static_cast<int64_t>(records.size()) / shape.stride();
  const std::string path = folder->File("table.bin");
  std::ofstream(path, std::ios::binary)
      << EncodePackedHeader(shape)
      << records.substr(0, static_cast<size_t>(shape.rows * shape.stride()));
  const auto table = PackedTable::Open(path);
  Require(table.ok(), "a table of whole records is opened");
  DatasetProfile profile;
  profile.rows = shape.rows;
  profile.columns.resize(2);
  profile.columns[0].kind = ColumnKind::kNumeric;
  profile.columns[1].kind = ColumnKind::kCategorical;
  profile.columns[1].vocabulary = 4;
  profile.target.kind = TargetKind::kBinary;
  profile.target.classes = {"0", "1"};
  if (!table->VerifyContent(profile).ok()) return;
  for (int64_t row = 0; row < shape.rows; ++row) {
    Require(table->codes(row)[0] >= 0 && table->codes(row)[0] < 4, "a code lies in its vocabulary");
    Require(table->target(row) == 0 || table->target(row) == 1, "a target is a class");
  }
}

}  // namespace
}  // namespace winnow::data

WINNOW_FUZZ_TARGET(packed_table) {
  using namespace winnow::data;
  DecodeHeader(input);
  DecodeSealedHeader(input);
  ReadDictionaryText(input);
  ReadDictionaryText(SealedDictionaries(input));
  ReadProfile(input);
  if (input.size() % 12 == 0) Verify(input);
}
