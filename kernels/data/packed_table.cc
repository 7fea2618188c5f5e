#include "kernels/data/packed_table.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kernels/base/status.h"

namespace winnow::data {
namespace {

constexpr char kMagic[] = {'W', 'N', 'W', 'T', 'A', 'B', 'L', '1'};
constexpr uint32_t kFormatVersion = 1;
constexpr uint32_t kFlagWeight = 1, kFlagGroup = 2, kFlagSplit = 4, kFlagTime = 8;
constexpr uint32_t kKnownFlags = kFlagWeight | kFlagGroup | kFlagSplit | kFlagTime;

// The header up to its checksum; the layout of the head comment.
struct RawHeader {
  char magic[8];
  uint32_t version;
  uint32_t header_bytes;
  uint64_t rows;
  uint32_t stride;
  uint32_t num_numeric;
  uint32_t num_categorical;
  uint32_t flags;
};
static_assert(sizeof(RawHeader) == 40);

uint32_t Crc(const void* bytes, size_t size) {
  return static_cast<uint32_t>(
      ::crc32(0, static_cast<const Bytef*>(bytes), static_cast<uInt>(size)));
}

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat("packed table: ", what));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::Status SystemError(const std::string& what, const std::string& path) {
  const std::string text = absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno));
  return errno == ENOENT ? absl::NotFoundError(text) : absl::InternalError(text);
}

}  // namespace

std::string EncodePackedHeader(const PackedShape& shape) {
  RawHeader raw = {};
  std::memcpy(raw.magic, kMagic, sizeof(kMagic));
  raw.version = kFormatVersion;
  raw.header_bytes = kPackedHeaderBytes;
  raw.rows = static_cast<uint64_t>(shape.rows);
  raw.stride = static_cast<uint32_t>(shape.stride());
  raw.num_numeric = static_cast<uint32_t>(shape.num_numeric);
  raw.num_categorical = static_cast<uint32_t>(shape.num_categorical);
  raw.flags = (shape.has_weight ? kFlagWeight : 0) | (shape.has_group ? kFlagGroup : 0) |
              (shape.has_split ? kFlagSplit : 0) | (shape.has_time ? kFlagTime : 0);
  std::string page(kPackedHeaderBytes, '\0');
  std::memcpy(page.data(), &raw, sizeof(raw));
  const uint32_t crc = Crc(&raw, sizeof(raw));
  std::memcpy(page.data() + sizeof(raw), &crc, sizeof(crc));
  return page;
}

absl::StatusOr<PackedShape> DecodePackedHeader(const char* bytes, int64_t size) {
  if (size < kPackedHeaderBytes) {
    return Damaged(
        absl::StrCat("the file has ", size, " bytes, its header alone has ", kPackedHeaderBytes));
  }
  RawHeader raw;
  std::memcpy(&raw, bytes, sizeof(raw));
  if (std::memcmp(raw.magic, kMagic, sizeof(kMagic)) != 0) {
    return Damaged("the file does not begin with WNWTABL1");
  }
  uint32_t crc;
  std::memcpy(&crc, bytes + sizeof(raw), sizeof(crc));
  if (crc != Crc(&raw, sizeof(raw))) return Damaged("the checksum of the header is wrong");
  if (raw.version != kFormatVersion) {
    return Damaged(
        absl::StrCat("format version ", raw.version, ", this program reads ", kFormatVersion));
  }
  if (raw.header_bytes != kPackedHeaderBytes) {
    return Damaged(
        absl::StrCat("a header of ", raw.header_bytes, " bytes, expected ", kPackedHeaderBytes));
  }
  if (raw.num_numeric > kMaxPackedColumns || raw.num_categorical > kMaxPackedColumns) {
    return Damaged(absl::StrCat(raw.num_numeric, " numeric and ", raw.num_categorical,
                                " categorical columns, at most ", kMaxPackedColumns,
                                " of each are possible"));
  }
  if ((raw.flags & ~kKnownFlags) != 0) return Damaged(absl::StrCat("unknown flags ", raw.flags));
  PackedShape shape;
  shape.num_numeric = static_cast<int32_t>(raw.num_numeric);
  shape.num_categorical = static_cast<int32_t>(raw.num_categorical);
  shape.has_weight = raw.flags & kFlagWeight;
  shape.has_group = raw.flags & kFlagGroup;
  shape.has_split = raw.flags & kFlagSplit;
  shape.has_time = raw.flags & kFlagTime;
  if (raw.stride != static_cast<uint32_t>(shape.stride())) {
    return Damaged(
        absl::StrCat("records of ", raw.stride, " bytes, these columns need ", shape.stride()));
  }
  // Row numbers are 32 bits everywhere.
  if (raw.rows > UINT32_MAX) return Damaged(absl::StrCat(raw.rows, " rows, more than 2^32 - 1"));
  shape.rows = static_cast<int64_t>(raw.rows);
  return shape;
}

absl::StatusOr<PackedTable> PackedTable::Open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return SystemError("open", path);
  struct stat info;
  if (::fstat(file.get(), &info) != 0) return SystemError("examine", path);
  if (!S_ISREG(info.st_mode)) return Damaged(absl::StrCat(path, " is not a regular file"));
  if (info.st_size < kPackedHeaderBytes) {
    return DecodePackedHeader(nullptr, info.st_size).status();
  }
  PackedTable table;
  void* map =
      ::mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_SHARED, file.get(), 0);
  if (map == MAP_FAILED) return SystemError("map", path);
  table.map_ = map;
  table.map_bytes_ = info.st_size;
  ASSIGN_OR_RETURN(table.shape_, DecodePackedHeader(static_cast<const char*>(map), info.st_size));
  table.stride_ = table.shape_.stride();
  table.records_ = static_cast<const char*>(map) + kPackedHeaderBytes;
  const int64_t expected = kPackedHeaderBytes + table.rows() * table.stride_;
  if (info.st_size != expected) {
    return Damaged(absl::StrCat(path, " has ", info.st_size, " bytes, ", table.rows(),
                                " rows need ", expected));
  }
  return table;
}

PackedTable::PackedTable(PackedTable&& other) noexcept { *this = std::move(other); }

PackedTable& PackedTable::operator=(PackedTable&& other) noexcept {
  std::swap(shape_, other.shape_);
  std::swap(stride_, other.stride_);
  std::swap(records_, other.records_);
  std::swap(map_, other.map_);
  std::swap(map_bytes_, other.map_bytes_);
  return *this;
}

PackedTable::~PackedTable() {
  if (map_ != nullptr) ::munmap(map_, static_cast<size_t>(map_bytes_));
}

void PackedTable::Advise(int64_t begin, int64_t end, int advice) const {
  static const auto page = static_cast<int64_t>(::sysconf(_SC_PAGESIZE));
  const int64_t first = (kPackedHeaderBytes + begin * stride_) / page * page;
  const int64_t last = kPackedHeaderBytes + end * stride_;
  if (last > first) {
    ::madvise(static_cast<char*>(map_) + first, static_cast<size_t>(last - first), advice);
  }
}

void PackedTable::WillNeed(int64_t begin, int64_t end) const { Advise(begin, end, MADV_WILLNEED); }

// The map is shared and read-only: its pages stay in the file cache and are mapped again on use.
void PackedTable::Release(int64_t begin, int64_t end) const { Advise(begin, end, MADV_DONTNEED); }

absl::Status PackedTable::CheckProfile(const DatasetProfile& profile) const {
  int64_t numeric = 0;
  for (const ColumnProfile& column : profile.columns) {
    numeric += column.kind == ColumnKind::kNumeric;
  }
  const int64_t categorical = static_cast<int64_t>(profile.columns.size()) - numeric;
  const auto check = [](const char* what, int64_t found, int64_t expected) {
    if (found == expected) return absl::OkStatus();
    return Damaged(absl::StrCat(found, " ", what, ", the profile says ", expected));
  };
  RETURN_IF_ERROR(check("rows", shape_.rows, profile.rows));
  RETURN_IF_ERROR(check("numeric columns", shape_.num_numeric, numeric));
  RETURN_IF_ERROR(check("categorical columns", shape_.num_categorical, categorical));
  RETURN_IF_ERROR(check("weight columns", shape_.has_weight, profile.has_weight));
  RETURN_IF_ERROR(check("group columns", shape_.has_group, !profile.group_column.empty()));
  RETURN_IF_ERROR(check("split columns", shape_.has_split, !profile.split_column.empty()));
  return check("time columns", shape_.has_time, !profile.time_column.empty());
}

absl::Status PackedTable::VerifyContent(const DatasetProfile& profile) const {
  RETURN_IF_ERROR(CheckProfile(profile));
  std::vector<const ColumnProfile*> numeric, categorical;
  for (const ColumnProfile& column : profile.columns) {
    (column.kind == ColumnKind::kNumeric ? numeric : categorical).push_back(&column);
  }
  const bool is_class = profile.target.kind != TargetKind::kRegression;
  const auto classes = static_cast<float>(profile.target.classes.size());
  for (int64_t row = 0; row < rows(); ++row) {
    const auto damaged = [row](const std::string& column, const std::string& what) {
      return Damaged(absl::StrCat("row ", row, ", column '", column, "': ", what));
    };
    for (size_t j = 0; j < numeric.size(); ++j) {
      float value;
      std::memcpy(&value, record(row) + 4 * j, sizeof(value));
      if (std::isfinite(value) || (std::isnan(value) && numeric[j]->missing > 0)) continue;
      return damaged(numeric[j]->name, absl::StrCat("the value ", value));
    }
    for (size_t j = 0; j < categorical.size(); ++j) {
      const int32_t code = codes(row)[j];
      if (code >= 0 && code < categorical[j]->vocabulary) continue;
      return damaged(categorical[j]->name, absl::StrCat("code ", code, " of a vocabulary of ",
                                                        categorical[j]->vocabulary));
    }
    const float y = target(row);
    if (!std::isfinite(y) || (is_class && !(y >= 0 && y < classes && y == std::floor(y)))) {
      return damaged(profile.target.name, absl::StrCat("the target ", y));
    }
    if (const float w = weight(row); !(w >= 0) || std::isinf(w)) {
      return damaged("weight", absl::StrCat("the weight ", w));
    }
    if (shape_.has_group && group(row) < 0) return damaged(profile.group_column, "a group < 0");
    if (shape_.has_split &&
        (split(row) < 0 || split(row) >= static_cast<int64_t>(profile.split_values.size()))) {
      return damaged(profile.split_column, absl::StrCat("split value ", split(row)));
    }
    if (shape_.has_time && !std::isfinite(time(row))) {
      return damaged(profile.time_column, "a time that is not finite");
    }
  }
  return absl::OkStatus();
}

}  // namespace winnow::data
