#include "tests/support/test_data.h"

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace winnow::test {

std::string DataRoot() {
  const char* set = std::getenv("WINNOW_DATA");
  return set != nullptr && *set != '\0' ? set : "../shared/data";
}

std::string FindData(const std::string& name) {
  const std::string path = DataRoot() + "/" + name;
  std::error_code error;
  return std::filesystem::exists(path, error) ? path : "";
}

std::string BundledData(const std::string& name) { return "tests/data/" + name; }

std::string MissingDataMessage(const std::string& name) {
  return "data set " + name + " is not in " + DataRoot() +
         "; set WINNOW_DATA to the folder that holds it";
}

}  // namespace winnow::test
