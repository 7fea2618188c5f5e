// What is said of datasets in lists and summaries.
#ifndef WINNOW_CLIENT_CLI_DATASET_TEXT_H_
#define WINNOW_CLIENT_CLI_DATASET_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "winnow/v1/dataset.pb.h"

namespace winnow::cli {

std::string DatasetsTable(const std::vector<v1::Dataset>& datasets);

// State, size, target and a table of at most `most_columns` columns, then the warnings.
std::string DatasetText(const v1::Dataset& dataset, size_t most_columns);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_DATASET_TEXT_H_
