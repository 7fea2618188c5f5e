// What the end of an import makes of a dataset's row.
#ifndef WINNOW_SERVER_STORE_IMPORT_ROWS_H_
#define WINNOW_SERVER_STORE_IMPORT_ROWS_H_

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "server/domain/dataset.h"
#include "server/store/dataset_rows.h"

namespace winnow::store {

// REQUIRES: the dataset is IMPORTING. The caller then calls UpdateDataset.
absl::Status EndImport(DatasetRow& row, const domain::ImportEnd& end, absl::Time now);

}  // namespace winnow::store

#endif  // WINNOW_SERVER_STORE_IMPORT_ROWS_H_
