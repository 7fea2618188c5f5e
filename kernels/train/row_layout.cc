#include "kernels/train/row_layout.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/plan/model_shape.h"

namespace winnow::train {

RowLayout::RowLayout(const plan::ModelShape& shape) {
  for (const plan::InputField& field : shape.fields) {
    if (!field.categorical) {
      places_[field.column] = {dense_width_, field.rows};
      dense_width_ += field.rows;
    }
  }
  for (const plan::InputField& field : shape.fields) {
    if (field.categorical) places_[field.column] = {dense_width_ + num_codes_++, 1};
  }
  stride_ = dense_width_ + num_codes_ + 2;
}

std::optional<RowLayout::View> RowLayout::ViewOf(const plan::ModelShape& shape) const {
  View view;
  for (const plan::InputField& field : shape.fields) {
    const auto place = places_.find(field.column);
    if (place == places_.end()) return std::nullopt;
    std::vector<int32_t>& offsets = field.categorical ? view.codes : view.dense;
    for (int32_t i = 0; i < place->second.length; ++i) offsets.push_back(place->second.offset + i);
  }
  view.is_whole = static_cast<int32_t>(view.dense.size()) == dense_width_ &&
                  static_cast<int32_t>(view.codes.size()) == num_codes_;
  return view;
}

void RowLayout::Read(const View& view, const float* in, int64_t i, const nn::BatchRows& out) const {
  const size_t width = view.dense.size(), codes = view.codes.size();
  if (out.dense != nullptr) {
    float* const dense = out.dense + i * out.dense_stride;
    if (view.is_whole) {
      std::copy_n(in, width, dense);
    } else {
      for (size_t j = 0; j < width; ++j) dense[j] = in[view.dense[j]];
    }
  }
  if (out.codes != nullptr) {
    int32_t* const code = out.codes + i * static_cast<int64_t>(codes);
    for (size_t j = 0; j < codes; ++j) std::memcpy(code + j, in + view.codes[j], sizeof(int32_t));
  }
  if (out.target != nullptr) out.target[i] = in[stride_ - 2];
  if (out.weight != nullptr) out.weight[i] = in[stride_ - 1];
}

void RowLayout::Write(const nn::BatchSource& source, int64_t begin, int64_t end, int thread,
                      Scratch& scratch, float* rows) const {
  const int64_t count = end - begin;
  const auto codes = static_cast<size_t>(num_codes_);
  scratch.codes.resize(static_cast<size_t>(count) * codes);
  scratch.target.resize(static_cast<size_t>(count));
  scratch.weight.resize(static_cast<size_t>(count));
  source.Fill(begin, end, thread,
              {.dense = rows,
               .dense_stride = stride_,
               .codes = scratch.codes.data(),
               .target = scratch.target.data(),
               .weight = scratch.weight.data()});
  for (int64_t i = 0; i < count; ++i) {
    float* const rest = rows + i * stride_ + dense_width_;
    const auto at = static_cast<size_t>(i);
    if (codes > 0) std::memcpy(rest, scratch.codes.data() + at * codes, codes * sizeof(int32_t));
    rest[codes] = scratch.target[at];
    rest[codes + 1] = scratch.weight[at];
  }
}

plan::ModelShape UnionOfFields(std::span<const plan::ModelShape* const> shapes) {
  std::map<int32_t, plan::InputField> fields;
  for (const plan::ModelShape* shape : shapes) {
    for (const plan::InputField& field : shape->fields) fields.emplace(field.column, field);
  }
  plan::ModelShape all = *shapes.front();
  all.fields.clear();
  for (const auto& [column, field] : fields) all.fields.push_back(field);
  plan::LayOut(all);
  return all;
}

}  // namespace winnow::train
