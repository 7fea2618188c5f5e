#include "kernels/train/aukc.h"

#include <cstddef>

namespace winnow::train {
namespace {

std::optional<double> ValueAt(const CurvePoint& point, const std::string& part,
                              const std::string& metric) {
  const auto values = point.metrics.find(part);
  if (values == point.metrics.end()) return std::nullopt;
  const auto value = values->second.find(metric);
  return value == values->second.end() ? std::nullopt : value->second.value;
}

std::optional<double> Area(const std::vector<CurvePoint>& curve, const std::string& part,
                           const std::string& metric) {
  double area = 0;
  for (size_t i = 0; i + 1 < curve.size(); ++i) {
    const std::optional<double> left = ValueAt(curve[i], part, metric);
    const std::optional<double> right = ValueAt(curve[i + 1], part, metric);
    if (!left || !right) return std::nullopt;
    area += static_cast<double>(curve[i + 1].k - curve[i].k) * (*left + *right) / 2;
  }
  return area / static_cast<double>(curve.back().k - curve.front().k);
}

}  // namespace

std::map<std::string, std::map<std::string, std::optional<double>>> AreaUnderCurve(
    const std::vector<CurvePoint>& curve) {
  std::map<std::string, std::map<std::string, std::optional<double>>> areas;
  if (curve.size() < 2) return areas;
  for (const auto& [part, metrics] : curve.front().metrics) {
    for (const auto& [name, unused] : metrics) areas[part][name] = Area(curve, part, name);
  }
  return areas;
}

}  // namespace winnow::train
