// winnow.v1.DatasetSchema <-> data::DatasetSchema, field by field; absent fields stay absent.
#ifndef WINNOW_SERVER_WORKER_SCHEMA_H_
#define WINNOW_SERVER_WORKER_SCHEMA_H_

#include "kernels/data/schema.h"
#include "winnow/v1/dataset_schema.pb.h"

namespace winnow::worker {

data::DatasetSchema SchemaFromProto(const v1::DatasetSchema& proto);
v1::DatasetSchema SchemaToProto(const data::DatasetSchema& schema);

}  // namespace winnow::worker

#endif  // WINNOW_SERVER_WORKER_SCHEMA_H_
