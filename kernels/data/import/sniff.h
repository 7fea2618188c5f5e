// What a raw file is, found out from its first bytes and its name.
#ifndef WINNOW_KERNELS_DATA_IMPORT_SNIFF_H_
#define WINNOW_KERNELS_DATA_IMPORT_SNIFF_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "kernels/data/import/input_stream.h"
#include "kernels/data/schema.h"

namespace winnow::data {

// Magic bytes first, then the layout of raw Criteo data, then the name's ending (.gz aside), then
// the delimiter. INVALID_ARGUMENT for binary files of no known format.
absl::StatusOr<FileFormat> SniffFormat(const RawFile& file);

// The first part of a text file, for the questions below.
struct TextSample {
  std::string text;  // without comment lines
  bool is_whole = false;
};
TextSample SampleText(const RawFile& file, const std::string& comment);

// Of , tab ; and | the one that splits most rows into as many fields (more than one) as the first
// row; the comma if none does.
char SniffDelimiter(const TextSample& sample);

// Whether the first row names the columns: its fields are no numbers, and either some column holds
// only numbers below, or they are distinct and none occurs again below in its column.
bool SniffHeader(const TextSample& sample, char delimiter);

}  // namespace winnow::data

#endif  // WINNOW_KERNELS_DATA_IMPORT_SNIFF_H_
