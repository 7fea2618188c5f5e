// Import of a large CSV that holds a column of a million distinct texts: speed, and peak of memory.
//
//   bench_import [MEGABYTES=2048] [FOLDER=/tmp]
//
// Prints rows/s, MB/s and the peak resident memory of the process; checks the table, and that the
// peak stays below 1.2 GB. The CSV is removed afterwards.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "kernels/base/rng.h"
#include "kernels/data/import/import.h"

namespace winnow::data {
namespace {

constexpr int64_t kDistinct = 1'000'000;
constexpr int64_t kPeakLimitMegabytes = 1200;

// user (a million texts), city (5,000), age, price, clicks, device, target. Returns the rows.
int64_t WriteCsv(const std::string& path, int64_t bytes) {
  std::FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return -1;
  std::fputs("user,city,age,price,clicks,device,target\n", file);
  int64_t written = 0, rows = 0;
  for (; written < bytes; ++rows) {
    const auto draw = Philox(1, 0, static_cast<uint64_t>(rows));
    // The first rows name every user once, so that all of them occur.
    const auto user = static_cast<uint64_t>(rows < kDistinct ? rows : draw[0] % kDistinct);
    const uint64_t tag = user * 0x9E3779B97F4A7C15ull;
    written += std::fprintf(file, "user-%016llx,city %u,%u,%.4f,%u,device%u,%d\n",
                            static_cast<unsigned long long>(tag), draw[1] % 5000, 18 + draw[2] % 70,
                            draw[3] / 1e5, draw[1] % 50, draw[2] % 9, draw[3] % 100 < 18);
  }
  return std::fclose(file) == 0 ? rows : -1;
}

int64_t PeakMegabytes() {
  struct rusage usage;
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

int Run(int64_t megabytes, const std::string& folder) {
  const std::string csv = folder + "/winnow-import-bench.csv";
  const std::string output = folder + "/winnow-import-bench.out";
  std::filesystem::create_directories(output);
  const int64_t rows = WriteCsv(csv, megabytes << 20);
  if (rows < 0) return std::fprintf(stderr, "cannot write %s\n", csv.c_str()), 1;
  const auto start = std::chrono::steady_clock::now();
  const auto profile = ImportDataset(DatasetSchema(), {{csv, FileRole::kTrain, "bench.csv"}},
                                     output, nullptr, StopToken());
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  std::filesystem::remove(csv);
  std::filesystem::remove_all(output);
  if (!profile.ok()) return std::fprintf(stderr, "%s\n", profile.status().ToString().c_str()), 1;
  std::printf("%lld rows in %.1f s: %.0f rows/s, %.1f MB/s, peak %lld MB\n",
              static_cast<long long>(rows), seconds, static_cast<double>(rows) / seconds,
              static_cast<double>(megabytes) * 1.048576 / seconds,
              static_cast<long long>(PeakMegabytes()));
  const int64_t users = std::min(rows, kDistinct) + 1;
  if (profile->rows != rows || profile->columns[0].vocabulary != users) {
    return std::fprintf(stderr, "wrong table: %lld rows, %lld users\n",
                        static_cast<long long>(profile->rows),
                        static_cast<long long>(profile->columns[0].vocabulary)),
           1;
  }
  return PeakMegabytes() <= kPeakLimitMegabytes ? 0 : 1;
}

}  // namespace
}  // namespace winnow::data

int main(int argc, char** argv) {
  return winnow::data::Run(argc > 1 ? std::atoll(argv[1]) : 2048, argc > 2 ? argv[2] : "/tmp");
}
