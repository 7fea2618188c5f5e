#include "server/worker/schema.h"

#include <optional>
#include <string>
#include <vector>

#include "server/spec/profile.h"

namespace winnow::worker {
namespace {

// The enums of the contract have UNSPECIFIED = 0 and then the values of the plain enum in its
// order.
template <typename Plain, typename Proto>
std::optional<Plain> EnumFrom(Proto value) {
  if (static_cast<int>(value) == 0) return std::nullopt;
  return static_cast<Plain>(static_cast<int>(value) - 1);
}
template <typename Proto, typename Plain>
Proto EnumTo(Plain value) {
  return static_cast<Proto>(static_cast<int>(value) + 1);
}

data::ColumnSchema ColumnFrom(const v1::ColumnSchema& proto) {
  data::ColumnSchema column;
  column.kind = EnumFrom<data::ColumnRole>(proto.kind());
  column.transform = EnumFrom<Transform>(proto.transform());
  if (proto.vocabulary().has_hash_buckets()) {
    column.hash_buckets = proto.vocabulary().hash_buckets();
  }
  if (proto.vocabulary().dictionary().has_min_count()) {
    column.min_count = proto.vocabulary().dictionary().min_count();
  }
  if (proto.has_separator()) column.separator = proto.separator();
  column.pooling = EnumFrom<data::Pooling>(proto.pooling());
  if (proto.has_quantiles()) column.quantiles = proto.quantiles();
  return column;
}

v1::ColumnSchema ColumnTo(const data::ColumnSchema& column) {
  v1::ColumnSchema to;
  if (column.kind) to.set_kind(EnumTo<v1::ColumnSchema::Kind>(*column.kind));
  if (column.transform) to.set_transform(EnumTo<v1::ColumnSchema::Transform>(*column.transform));
  if (column.hash_buckets) to.mutable_vocabulary()->set_hash_buckets(*column.hash_buckets);
  if (column.min_count) {
    to.mutable_vocabulary()->mutable_dictionary()->set_min_count(*column.min_count);
  }
  if (column.separator) to.set_separator(*column.separator);
  if (column.pooling) to.set_pooling(EnumTo<v1::ColumnSchema::Pooling>(*column.pooling));
  if (column.quantiles) to.set_quantiles(*column.quantiles);
  return to;
}

}  // namespace

data::DatasetSchema SchemaFromProto(const v1::DatasetSchema& proto) {
  data::DatasetSchema schema;
  schema.format = EnumFrom<data::FileFormat>(proto.format());
  if (proto.has_header()) schema.header = proto.header();
  schema.names = {proto.names().begin(), proto.names().end()};
  if (proto.has_comment()) schema.comment = proto.comment();
  if (proto.has_trim()) schema.trim = proto.trim();
  if (proto.has_delimiter()) schema.delimiter = proto.delimiter();
  if (proto.has_missing()) {
    schema.missing.emplace(proto.missing().values().begin(), proto.missing().values().end());
  }
  const v1::Target& target = proto.target();
  if (target.has_column()) schema.target.column = target.column();
  schema.target.kind = EnumFrom<TargetKind>(target.kind());
  schema.target.positive = {target.positive().begin(), target.positive().end()};
  if (target.has_file()) schema.target.file = target.file();
  if (proto.has_weight()) schema.weight = proto.weight();
  if (proto.has_group()) schema.group = proto.group();
  if (proto.has_split()) schema.split = spec::SplitFromProto(proto.split());
  for (const auto& [name, column] : proto.columns()) schema.columns[name] = ColumnFrom(column);
  return schema;
}

v1::DatasetSchema SchemaToProto(const data::DatasetSchema& schema) {
  v1::DatasetSchema to;
  if (schema.format) to.set_format(EnumTo<v1::DatasetSchema::Format>(*schema.format));
  if (schema.header) to.set_header(*schema.header);
  to.mutable_names()->Assign(schema.names.begin(), schema.names.end());
  if (schema.comment) to.set_comment(*schema.comment);
  if (schema.trim) to.set_trim(*schema.trim);
  if (schema.delimiter) to.set_delimiter(*schema.delimiter);
  if (schema.missing) {
    to.mutable_missing()->mutable_values()->Assign(schema.missing->begin(), schema.missing->end());
  }
  v1::Target& target = *to.mutable_target();
  if (schema.target.column) target.set_column(*schema.target.column);
  if (schema.target.kind) target.set_kind(EnumTo<v1::Target::Kind>(*schema.target.kind));
  target.mutable_positive()->Assign(schema.target.positive.begin(), schema.target.positive.end());
  if (schema.target.file) target.set_file(*schema.target.file);
  if (schema.weight) to.set_weight(*schema.weight);
  if (schema.group) to.set_group(*schema.group);
  if (schema.split) *to.mutable_split() = spec::SplitToProto(*schema.split);
  for (const auto& [name, column] : schema.columns)
    (*to.mutable_columns())[name] = ColumnTo(column);
  return to;
}

}  // namespace winnow::worker
