// winnow.v1.JobSpec <-> plan::Spec, field by field. Absent fields stay absent: defaults are the
// Plan's.
#ifndef WINNOW_SERVER_SPEC_JOB_SPEC_H_
#define WINNOW_SERVER_SPEC_JOB_SPEC_H_

#include "kernels/plan/spec.h"
#include "winnow/v1/job_spec.pb.h"

namespace winnow::spec {

// A negative seed becomes one above 2^63 - 1, which Resolve refuses.
plan::Spec SpecFromProto(const v1::JobSpec& proto);

// ENSURES: SpecFromProto(SpecToProto(spec)) == spec for every Spec that Resolve accepts.
v1::JobSpec SpecToProto(const plan::Spec& spec);

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_JOB_SPEC_H_
