// Rows of the tables dataset and dataset_file as values.
#ifndef WINNOW_SERVER_STORE_DATASET_ROWS_H_
#define WINNOW_SERVER_STORE_DATASET_ROWS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/domain/dataset.h"
#include "server/store/database.h"

namespace winnow::store {

struct DatasetRow {
  domain::Dataset dataset;  // dataset.order is the row's id
};

// "SELECT <columns> FROM dataset"; ReadDatasetRow takes its rows and adds the files.
std::string SelectDatasets();
absl::StatusOr<DatasetRow> ReadDatasetRow(Database& database, const Statement& statement);
// All rows of a statement made from SelectDatasets.
absl::StatusOr<std::vector<domain::Dataset>> ReadDatasets(Database& database, Statement& statement);

absl::StatusOr<DatasetRow> LoadDataset(Database& database, const domain::DatasetName& name);

// With its files. Sets row.dataset.order.
absl::Status InsertDataset(Database& database, DatasetRow& row);
// Writes what can change but the files, with revision + 1 and update_time = now.
absl::Status UpdateDataset(Database& database, DatasetRow& row, absl::Time now);
absl::Status UpdateFile(Database& database, const DatasetRow& row, int file_index);

// Changes the state and what follows from it in `row`; the caller then calls UpdateDataset.
// INTERNAL when the life cycle does not have it.
absl::Status MoveDataset(DatasetRow& row, domain::DatasetState to, absl::Time now);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_DATASET_ROWS_H_
