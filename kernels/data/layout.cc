#include "kernels/data/layout.h"

namespace winnow::data {

TableLayout MakeLayout(const DatasetProfile& profile) {
  TableLayout layout;
  for (size_t i = 0; i < profile.columns.size(); ++i) {
    const ColumnProfile& column = profile.columns[i];
    FeatureLayout feature;
    feature.column = static_cast<int32_t>(i);
    feature.categorical = column.kind == ColumnKind::kCategorical;
    if (feature.categorical) {
      feature.code_slot = layout.num_categorical++;
      feature.vocabulary = column.vocabulary;
    } else {
      feature.value_offset = layout.dense_width++;
      if (column.missing > 0) feature.indicator_offset = layout.dense_width++;
    }
    layout.features.push_back(feature);
  }
  return layout;
}

}  // namespace winnow::data
