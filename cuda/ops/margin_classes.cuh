// What forward and backward of the head share: c of a row and a class.
#pragma once

#include "../device/tile.cuh"
#include "labels.cuh"
#include "margin_functors.h"

namespace angulus::cuda {
namespace {

// c from <w, x>. row of x, index of w.
template <class H>
__device__ inline float cosine_of(const Head& head, float dot, int64_t row, int64_t index) {
  if (H::normalised) {
    return H::cosine(dot, head.inverse_x[row], head.inverse_w[index], 0.0f);
  }
  return H::cosine(dot, 1.0f, 1.0f, head.bias[index]);
}

// <w, x> by one thread.
__device__ inline float plain_product(const Head& head, int64_t row, int64_t index) {
  float dot = 0.0f;
  for (int d = 0; d < head.d; ++d) {
    dot += head.x[row * head.d + d] * head.w[index * head.d + d];
  }
  return dot;
}

// The products of 64 rows from first_row on and 64 classes from first_class on (of the range [first, first + count)), 16 of D at a time.
// strips: kTileSharedBytes. Ends with a barrier.
__device__ inline void multiply_rows_and_classes(const Head& head, int64_t first_row, int64_t first, int64_t first_class, int64_t count,
                                                 const TileThread& self, float* strips, float (&sums)[4][4]) {
  float* const rows = strips;                    // (kDepth, kPitch)
  float* const classes = strips + kStripFloats;  // (kDepth, kPitch)
  for (int start = 0; start < head.d; start += kDepth) {
    const int d = start + self.depth;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int line = self.line + 16 * j;
      const int64_t row = first_row + line;
      const int64_t index = first_class + line;
      rows[self.depth * kPitch + line] = d < head.d && row < head.n ? head.x[row * head.d + d] : 0.0f;
      classes[self.depth * kPitch + line] = d < head.d && index < count ? head.w[(first + index) * head.d + d] : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(rows, classes, self, sums);
    __syncthreads();  // nobody reads them any more: the next step, or the caller, overwrites
  }
}

}  // namespace
}  // namespace angulus::cuda
