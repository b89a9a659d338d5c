// What center_loss and center_update share.
#pragma once

#include "labels.cuh"

namespace angulus::cuda {
namespace {

__device__ inline bool center_is_good(const Center& c, int64_t row) { return c.labels[row] >= 0 && c.labels[row] < c.classes; }

inline void launch_check_centers(Exec& exec, const Center& c, int32_t op) {
  Head head{};
  head.n = c.n;
  head.classes = c.classes;
  head.labels = c.labels;
  head.scalars = c.scalars;
  launch_check_labels(exec, head, op);
}

}  // namespace
}  // namespace angulus::cuda
