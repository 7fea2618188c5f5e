// The dictionaries of a planted table.
#ifndef WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TEXTS_TESTING_H_
#define WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TEXTS_TESTING_H_

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

#include "kernels/data/dictionary.h"
#include "tests/unit/kernels/train/planted_testing.h"

namespace winnow::train {

// Texts of the codes of a planted categorical column, from code 1.
using Texts = std::vector<std::string>;

inline Texts PlainTexts() {
  Texts texts;
  for (int code = 1; code <= 12; ++code) texts.push_back("v" + std::to_string(code));
  return texts;
}

// Writes `folder`/dictionaries.bin: every categorical column of `table` has these texts.
inline void WriteTexts(const std::string& folder, const PlantedTable& table, const Texts& texts) {
  std::vector<data::Dictionary> dictionaries;
  for (size_t c = 0; c < table.columns.size(); ++c) {
    if (!table.columns[c].numeric.empty()) continue;
    data::Dictionary dictionary;
    dictionary.column = static_cast<int32_t>(c);
    for (const std::string& text : texts) {
      dictionary.bytes += text;
      dictionary.ends.push_back(dictionary.bytes.size());
    }
    dictionaries.push_back(dictionary);
  }
  std::ofstream(folder + "/dictionaries.bin", std::ios::binary)
      << data::EncodeDictionaries(dictionaries);
}

}  // namespace winnow::train

#endif  // WINNOW_TESTS_UNIT_KERNELS_TRAIN_PLANTED_TEXTS_TESTING_H_
