#include "server/domain/layout.h"

#include "absl/strings/str_cat.h"

namespace winnow::domain {

std::string DataDirLayout::DatabaseFile() const { return root_ + "/winnow.db"; }

std::string DataDirLayout::WorkerSocket() const { return root_ + "/worker.sock"; }

std::string DataDirLayout::UploadDir(const DatasetName& name) const {
  return absl::StrCat(root_, "/uploads/", name.tenant, "/", name.dataset);
}

std::string DataDirLayout::UploadFile(const DatasetName& name, int file_index) const {
  return absl::StrCat(UploadDir(name), "/", file_index, ".part");
}

std::string DataDirLayout::DatasetDir(const DatasetName& name) const {
  return absl::StrCat(root_, "/datasets/", name.tenant, "/", name.dataset);
}

std::string DataDirLayout::TableDir(const DatasetName& name) const {
  return DatasetDir(name) + "/table";
}

std::string DataDirLayout::JobDir(const JobName& name) const {
  return absl::StrCat(root_, "/jobs/", name.tenant, "/", name.job);
}

std::string DataDirLayout::AttemptDir(const AttemptId& id) const {
  switch (id.kind) {
    case WorkKind::kJob:
      return absl::StrCat(JobDir(id.job_name()), "/attempt-", id.number);
    case WorkKind::kImport:
      return absl::StrCat(DatasetDir(id.dataset_name()), "/attempt-", id.number);
    case WorkKind::kInfer:
      break;
  }
  return absl::StrCat(root_, "/inferences/", id.tenant, "/", id.id);
}

std::string DataDirLayout::WorkerLog(const AttemptId& id) const {
  return AttemptDir(id) + "/worker.log";
}

}  // namespace winnow::domain
