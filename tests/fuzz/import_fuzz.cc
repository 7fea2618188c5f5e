// Files of tables: every format, whatever the bytes. The first byte chooses the format, the second
// the size of the blocks in which text is read.
#include <filesystem>
#include <fstream>

#include "kernels/data/import/import.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/support/temp_dir.h"

namespace winnow::data {
namespace {

namespace fs = std::filesystem;
using fuzz::Require;

constexpr const char* kNames[] = {"t.csv",     "t.tsv", "t.libsvm", "t.libfm",
                                  "t.parquet", "t.npy", "t.arrow",  "t.csv.gz"};

void Import(const std::string& name, int64_t block_bytes, const std::string& bytes) {
  static const test::TempDir* const folder = new test::TempDir;
  InputFile input;
  input.path = folder->File(name);
  std::ofstream(input.path, std::ios::binary) << bytes;
  const std::string out = folder->File("out");
  fs::create_directories(out);
  ImportOptions options;
  options.block_bytes = block_bytes;
  options.max_dictionary_bytes = 1 << 20;
  const auto profile = ImportDataset(DatasetSchema(), {input}, out, {}, StopToken(), options);
  if (profile.ok()) {
    Require(profile->rows > 0, "an imported table has rows");
    Require(fs::exists(out + "/" + kTableFile) && fs::exists(out + "/" + kProfileFile),
            "an import leaves its files");
  } else {
    Require(!profile.status().message().empty(), "a refusal says why");
    Require(!absl::IsInternal(profile.status()), "a bad file is no fault of the program");
    Require(fs::is_empty(out), "a failed import leaves nothing");
  }
  fs::remove_all(out);
}

}  // namespace
}  // namespace winnow::data

WINNOW_FUZZ_TARGET(import) {
  winnow::fuzz::Bytes bytes(input);
  const char* const name = winnow::data::kNames[bytes.Byte() % 8];
  const int64_t block_bytes = 16 + 16 * bytes.Byte();
  winnow::data::Import(name, block_bytes, bytes.Rest());
}
