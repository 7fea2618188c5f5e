// "did you mean": the known word nearest to a mistyped one.
#ifndef WINNOW_CLIENT_CLI_SUGGEST_H_
#define WINNOW_CLIENT_CLI_SUGGEST_H_

#include <string>
#include <vector>

namespace winnow::cli {

// The word of `known` with the least edit distance (insert, delete, replace, swap of neighbours) to
// `word`, or "" when none is within a third of the word's length.
std::string NearestWord(const std::string& word, const std::vector<std::string>& known);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_SUGGEST_H_
