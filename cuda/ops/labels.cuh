// Labels of a head: which are good, and the fault for the first that is not.
#pragma once

#include "../device/fault.cuh"
#include "../device/reduce.cuh"

namespace angulus::cuda {
namespace {

constexpr int kLabelThreads = 256;

__device__ inline bool label_is_good(const Head& head, int64_t row) { return head.labels[row] >= 0 && head.labels[row] < head.classes; }

// Sets the fault for the lowest row whose label is outside [0, classes). One block: N labels are few, and the lowest row is the same in
// every run.
__global__ void __launch_bounds__(kLabelThreads) check_labels(Head head, int32_t op, ag_fault* fault) {
  AG_DYNAMIC_SHARED(int32_t, lowest);  // (kLabelThreads)
  int32_t own = head.n;
  for (int32_t row = static_cast<int32_t>(threadIdx.x); row < head.n && own == head.n; row += kLabelThreads) {
    own = label_is_good(head, row) ? own : row;
  }
  lowest[threadIdx.x] = own;
  __syncthreads();  // thread 0 reads all
  if (threadIdx.x == 0) {
    for (int i = 1; i < kLabelThreads; ++i) {
      own = min(own, lowest[i]);
    }
    if (own < head.n) {
      report_fault(fault, AG_FAULT_LABEL, op, own, head.scalars->step);
    }
  }
}

inline void launch_check_labels(Exec& exec, const Head& labelled, int32_t op) {
  const Head head = labelled;
  ag_fault* const fault = exec.fault;
  AG_LAUNCH(exec, check_labels, 1, kLabelThreads, kLabelThreads * sizeof(int32_t), head, op, fault);
}

}  // namespace
}  // namespace angulus::cuda
