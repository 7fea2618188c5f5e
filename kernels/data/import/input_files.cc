#include "kernels/data/import/input_files.h"

#include <algorithm>
#include <map>

#include "absl/strings/str_cat.h"

namespace winnow::data {

std::string DisplayName(const InputFile& file) {
  return file.declared_name.empty() ? file.path : file.declared_name;
}

absl::Status CheckInputFiles(const std::vector<InputFile>& files, const DatasetSchema& schema) {
  const auto count = [&files](FileRole role) {
    return std::count_if(files.begin(), files.end(),
                         [role](const InputFile& file) { return file.role == role; });
  };
  if (count(FileRole::kTrain) == 0) {
    return absl::InvalidArgumentError("files: at least one training file is needed");
  }
  if (count(FileRole::kLabels) > 1) {
    return absl::InvalidArgumentError("files: more than one labels file");
  }
  const InputFile* labels = LabelsFile(files);
  if (labels != nullptr && schema.target.column) {
    return absl::InvalidArgumentError(absl::StrCat(
        "schema: target.column: the labels come from the file ", DisplayName(*labels)));
  }
  if (schema.target.file && (labels == nullptr || DisplayName(*labels) != *schema.target.file)) {
    return absl::InvalidArgumentError(
        absl::StrCat("schema: target.file: there is no labels file ", Quoted(*schema.target.file)));
  }
  return absl::OkStatus();
}

std::vector<InputFile> DataFiles(const std::vector<InputFile>& files) {
  std::vector<InputFile> ordered;
  for (const FileRole role : {FileRole::kTrain, FileRole::kValidation, FileRole::kTest}) {
    for (const InputFile& file : files) {
      if (file.role == role) ordered.push_back(file);
    }
  }
  return ordered;
}

const InputFile& FirstTable(const std::vector<InputFile>& files) {
  return *std::find_if(files.begin(), files.end(),
                       [](const InputFile& file) { return file.role == FileRole::kTrain; });
}

const InputFile* LabelsFile(const std::vector<InputFile>& files) {
  for (const InputFile& file : files) {
    if (file.role == FileRole::kLabels) return &file;
  }
  return nullptr;
}

absl::StatusOr<std::vector<int32_t>> MatchColumns(const std::vector<std::string>& names,
                                                  const TableSource& source, const InputFile& file,
                                                  const InputFile& first) {
  std::map<std::string, int32_t> position;
  for (size_t i = 0; i < source.names().size(); ++i) {
    position[source.names()[i]] = static_cast<int32_t>(i);
  }
  std::vector<int32_t> result;
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    const auto found = position.find(name);
    if (found == position.end()) {
      missing.push_back(name);
    } else {
      result.push_back(found->second);
    }
  }
  if (missing.empty()) return result;
  return absl::InvalidArgumentError(
      absl::StrCat(DisplayName(file), ": lacks ", ListColumns(missing), " of ", DisplayName(first),
                   "; its columns are ", ListColumns(source.names())));
}

std::string ListColumns(const std::vector<std::string>& names) {
  constexpr size_t kMaxListed = 40;
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", Quoted(names[i]));
  }
  if (names.size() > kMaxListed) {
    absl::StrAppend(&text, ", ... (", names.size(), " in all)");
  }
  return text;
}

}  // namespace winnow::data
