// The ordered lists of kernels, fastest first, the plain one last: candidates.inc in the order of its lines.
#pragma once

#include <vector>

#include "kernel.h"

namespace angulus::cpu {

// What a device of this level can use.
struct Candidates {
  std::vector<const Kernel*> kernels[kOpCount];
  std::vector<const Conv2dKernel*> convolutions[3];  // by direction

  static Candidates of(Isa isa);
};

// 0 to 2 for the ops of a convolution's three directions, else -1.
int32_t direction_of(int32_t op);

// Bytes of workspace for the ops that reduce, whichever kernel runs; 0 for the others.
int64_t workspace_bytes(int32_t op, int64_t rows, int64_t columns, int64_t depth);

}  // namespace angulus::cpu
