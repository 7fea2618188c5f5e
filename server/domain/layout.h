// Where things lie below data_dir: the one place that knows the paths.
//   winnow.db  lock  worker.sock
//   uploads/<tenant>/<dataset>/<index>.part       bytes as received
//   datasets/<tenant>/<dataset>/table/            packed table, profile, dictionaries, once ACTIVE
//   datasets/<tenant>/<dataset>/attempt-N/        an import while it runs
//   jobs/<tenant>/<job>/attempt-N/                all that an attempt writes
//   inferences/<tenant>/<id>/
#ifndef WINNOW_SERVER_DOMAIN_LAYOUT_H_
#define WINNOW_SERVER_DOMAIN_LAYOUT_H_

#include <string>
#include <utility>

#include "server/domain/names.h"

namespace winnow::domain {

class DataDirLayout {
 public:
  explicit DataDirLayout(std::string root) : root_(std::move(root)) {}

  const std::string& root() const { return root_; }
  std::string DatabaseFile() const;
  std::string WorkerSocket() const;
  std::string UploadDir(const DatasetName& name) const;
  std::string UploadFile(const DatasetName& name, int file_index) const;
  std::string DatasetDir(const DatasetName& name) const;
  // Where a successful import's folder is renamed to.
  std::string TableDir(const DatasetName& name) const;
  std::string JobDir(const JobName& name) const;
  // The folder that an attempt may write, and nothing else.
  std::string AttemptDir(const AttemptId& id) const;
  std::string WorkerLog(const AttemptId& id) const;

 private:
  const std::string root_;
};

}  // namespace winnow::domain

#endif  // WINNOW_SERVER_DOMAIN_LAYOUT_H_
