// Reporting what only the device can see.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

// The first fault stays. Called by one thread of a launch, so that the same data give the same fault.
__device__ inline void report_fault(ag_fault* fault, int32_t code, int32_t op, int64_t index, int64_t step) {
  if (atomicCAS(&fault->code, AG_FAULT_NONE, code) == AG_FAULT_NONE) {
    fault->op = op;
    fault->index = index;
    fault->step = step;
  }
}

}  // namespace angulus::cuda
