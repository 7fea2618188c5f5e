// Quality against size as a picture (SVG) inside a page.
#ifndef WINNOW_CLIENT_CLI_REPORT_CHART_H_
#define WINNOW_CLIENT_CLI_REPORT_CHART_H_

#include <string>
#include <utility>
#include <vector>

namespace winnow::cli {

struct Chart {
  std::string title;                                   // for those who do not see it
  std::vector<std::pair<double, double>> points;       // size and value, ascending in size
  std::vector<std::pair<std::string, double>> levels;  // name and value, as dashed lines
};

// REQUIRES: at least two points.
std::string ChartSvg(const Chart& chart);

}  // namespace winnow::cli

#endif  // WINNOW_CLIENT_CLI_REPORT_CHART_H_
