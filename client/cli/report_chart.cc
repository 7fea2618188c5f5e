#include "client/cli/report_chart.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/report_page.h"

namespace winnow::cli {
namespace {

// Units of the picture; the page scales it.
constexpr double kWidth = 700;
constexpr double kHeight = 300;
constexpr double kLeft = 56;
constexpr double kRight = 96;  // names of the levels stand there
constexpr double kTop = 12;
constexpr double kBottom = 36;
constexpr double kLabelHeight = 14;
constexpr int kSteps = 4;

class Scale {
 public:
  explicit Scale(const Chart& chart)
      : first_(chart.points.front().first), last_(chart.points.back().first) {
    low_ = high_ = chart.points.front().second;
    const auto take = [this](double value) {
      low_ = std::min(low_, value);
      high_ = std::max(high_, value);
    };
    for (const auto& [size, value] : chart.points) take(value);
    for (const auto& [name, value] : chart.levels) take(value);
    const double margin = high_ > low_ ? 0.08 * (high_ - low_) : 0.01;
    low_ -= margin;
    high_ += margin;
  }

  double X(double size) const {
    const double span = last_ > first_ ? last_ - first_ : 1;
    return kLeft + (size - first_) / span * (kWidth - kLeft - kRight);
  }
  double Y(double value) const {
    return kHeight - kBottom - (value - low_) / (high_ - low_) * (kHeight - kTop - kBottom);
  }
  double ValueOfStep(int step) const { return low_ + (high_ - low_) * step / kSteps; }

 private:
  const double first_;
  const double last_;
  double low_;
  double high_;
};

std::string Line(double y, const char* kind) {
  return absl::StrFormat("<line class=\"%s\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                         kind, kLeft, kWidth - kRight, y, y);
}

std::string Label(double x, double y, const char* anchor, const std::string& text) {
  return absl::StrFormat("<text class=\"label\" text-anchor=\"%s\" x=\"%.1f\" y=\"%.1f\">%s</text>",
                         anchor, x, y, EscapeHtml(text));
}

// Names of levels that lie close together are moved apart, from the top down.
std::string Levels(const Chart& chart, const Scale& scale) {
  auto levels = chart.levels;
  std::sort(levels.begin(), levels.end(),
            [](const auto& a, const auto& b) { return a.second > b.second; });
  std::string svg;
  double free_from = 0;
  for (const auto& [name, value] : levels) {
    const double y = scale.Y(value);
    const double label = std::max(y + 4, free_from);
    free_from = label + kLabelHeight;
    absl::StrAppend(&svg, Line(y, "level"), Label(kWidth - kRight + 6, label, "start", name));
  }
  return svg;
}

std::string Points(const Chart& chart, const Scale& scale) {
  std::string line;
  std::string marks;
  double free_from = -kWidth;
  for (const auto& [size, value] : chart.points) {
    const double x = scale.X(size);
    const double y = scale.Y(value);
    absl::StrAppendFormat(&line, "%.1f,%.1f ", x, y);
    absl::StrAppendFormat(
        &marks, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"><title>%g: %.4f</title></circle>", x, y,
        size, value);
    const std::string text = absl::StrFormat("%g", size);
    const double half = 4.0 * static_cast<double>(text.size()) + 2;
    if (x - half < free_from) continue;  // no room for its number
    free_from = x + half;
    absl::StrAppend(&marks, Label(x, kHeight - kBottom + 20, "middle", text));
  }
  return absl::StrCat("<polyline points=\"", line, "\"/>", marks);
}

}  // namespace

std::string ChartSvg(const Chart& chart) {
  const Scale scale(chart);
  std::string svg =
      absl::StrFormat("<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"%s\">", kWidth,
                      kHeight, EscapeHtml(chart.title));
  for (int step = 0; step <= kSteps; ++step) {
    const double value = scale.ValueOfStep(step);
    absl::StrAppend(&svg, Line(scale.Y(value), "axis"),
                    Label(kLeft - 8, scale.Y(value) + 4, "end", absl::StrFormat("%.4f", value)));
  }
  absl::StrAppend(&svg, Levels(chart, scale), Points(chart, scale), "</svg>");
  return svg;
}

}  // namespace winnow::cli
