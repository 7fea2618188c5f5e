#include "kernels/data/import/table_writer.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "absl/strings/escaping.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr int64_t kPassBytes = 1 << 20;

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
  }
  void Update(const std::string& bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string Hex() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return absl::BytesToHexString(digest);
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

absl::Status TableWriter::Append(const char* records, size_t size) {
  RETURN_IF_ERROR(file_->WriteAt(kPackedHeaderBytes + bytes_, records, size));
  bytes_ += static_cast<int64_t>(size);
  return absl::OkStatus();
}

absl::StatusOr<SealedTable> TableWriter::Seal(const Renumbering& renumbering, int64_t sample_rows) {
  shape_.rows = rows();
  const std::string header = EncodePackedHeader(shape_);
  RETURN_IF_ERROR(file_->WriteAt(0, header.data(), header.size()));
  Sha256 sha256;
  sha256.Update(header);
  const int64_t stride = shape_.stride();
  const int64_t step = std::max<int64_t>(1, kPassBytes / stride) * stride;
  const bool is_final = renumbering.codes.empty() && renumbering.classes.empty();
  const int64_t spacing =
      std::max<int64_t>(1, shape_.rows / std::max<int64_t>(1, sample_rows)) * stride;
  int64_t next_sample = 0;
  SealedTable sealed;
  std::string records;
  for (int64_t at = 0; at < bytes_; at += step) {
    records.resize(static_cast<size_t>(std::min(step, bytes_ - at)));
    RETURN_IF_ERROR(file_->ReadAt(kPackedHeaderBytes + at, records.data(), records.size()));
    if (!is_final) {
      Renumber(renumbering, &records);
      RETURN_IF_ERROR(file_->WriteAt(kPackedHeaderBytes + at, records.data(), records.size()));
    }
    sha256.Update(records);
    for (; next_sample < at + static_cast<int64_t>(records.size()); next_sample += spacing) {
      sealed.sample.append(records, static_cast<size_t>(next_sample - at),
                           static_cast<size_t>(stride));
    }
  }
  sealed.bytes = kPackedHeaderBytes + bytes_;
  sealed.sha256 = sha256.Hex();
  return sealed;
}

void TableWriter::Renumber(const Renumbering& renumbering, std::string* records) const {
  const auto stride = static_cast<size_t>(shape_.stride());
  for (size_t at = 0; at < records->size(); at += stride) {
    char* const record = records->data() + at;
    for (size_t slot = 0; slot < renumbering.codes.size(); ++slot) {
      const std::vector<int32_t>& final_code = renumbering.codes[slot];
      if (final_code.empty()) continue;
      char* const field = record + shape_.code_offset() + 4 * slot;
      int32_t code;
      std::memcpy(&code, field, sizeof(code));
      std::memcpy(field, &final_code[static_cast<size_t>(code)], sizeof(code));
    }
    if (renumbering.classes.empty()) continue;
    char* const field = record + shape_.target_offset();
    float target;
    std::memcpy(&target, field, sizeof(target));
    std::memcpy(field, &renumbering.classes[static_cast<size_t>(target)], sizeof(target));
  }
}

}  // namespace winnow::data
