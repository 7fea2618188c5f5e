// winnow.v1.JobSpec <-> plan::Spec, field by field. Absent fields stay absent: defaults are the
// Plan's.
#ifndef WINNOW_SERVER_SPEC_JOB_SPEC_H_
#define WINNOW_SERVER_SPEC_JOB_SPEC_H_

#include <vector>

#include "kernels/plan/plan.h"
#include "kernels/plan/spec.h"
#include "winnow/v1/job_spec.pb.h"

namespace winnow::spec {

struct SpecOrViolations {
  plan::Spec spec;
  // What a Spec cannot hold: options of the contract that are not built yet, negative seeds.
  std::vector<plan::Violation> violations;
};

SpecOrViolations SpecFromProto(const v1::JobSpec& proto);

// ENSURES: SpecFromProto(SpecToProto(spec)) == spec for every Spec that Resolve accepts.
v1::JobSpec SpecToProto(const plan::Spec& spec);

}  // namespace winnow::spec

#endif  // WINNOW_SERVER_SPEC_JOB_SPEC_H_
