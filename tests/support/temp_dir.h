// A folder of its own for one test, removed with everything in it.
#ifndef WINNOW_TESTS_SUPPORT_TEMP_DIR_H_
#define WINNOW_TESTS_SUPPORT_TEMP_DIR_H_

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace winnow::test {

class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "winnow-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
      std::perror(("cannot make a folder like " + pattern).c_str());
      std::abort();
    }
    path_ = pattern;
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace winnow::test

#endif  // WINNOW_TESTS_SUPPORT_TEMP_DIR_H_
