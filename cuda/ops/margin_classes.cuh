// What forward and backward of the head share: c of a row and a class. H is the space that it lies in (margin_functors.h). T is the type of the products' factors (ag_head.type): with Bf16 these
// are the rows x^ and w^ (SOFTMAX: x and w), rounded.
#pragma once

#include "../device/storage.cuh"
#include "../device/tile.cuh"
#include "labels.cuh"
#include "margin_functors.h"

namespace angulus::cuda {
namespace {

template <class H>
__device__ inline float inverse_x(const Head& head, int64_t row) {
  return H::normalised ? head.inverse_x[row] : 1.0f;
}

template <class H>
__device__ inline float inverse_w(const Head& head, int64_t index) {
  return H::normalised ? head.inverse_w[index] : 1.0f;
}

// c from the product of row of x and index of w: of the raw rows with float, of the factors with Bf16.
template <class H, class T>
__device__ inline float cosine_of(const Head& head, float dot, int64_t row, int64_t index) {
  const float bias = H::normalised || head.bias == nullptr ? 0.0f : head.bias[index];
  if constexpr (std::is_same<T, Bf16>::value) {
    return cosine_in<H>(dot, 1.0f, 1.0f, bias);
  } else {
    return cosine_in<H>(dot, inverse_x<H>(head, row), inverse_w<H>(head, index), bias);
  }
}

// A number as it enters a product.
template <class T>
__device__ inline float factor(float value) {
  if constexpr (std::is_same<T, Bf16>::value) {
    return to_float(to_bf16(value));
  } else {
    return value;
  }
}

// c of a row of x and a row of w by one thread.
template <class H, class T>
__device__ inline float vector_cosine(const Head& head, int64_t row, int64_t index) {
  const bool rounds = std::is_same<T, Bf16>::value;
  const float of_x = rounds ? inverse_x<H>(head, row) : 1.0f;
  const float of_w = rounds ? inverse_w<H>(head, index) : 1.0f;
  float dot = 0.0f;
  for (int d = 0; d < head.d; ++d) {
    dot += factor<T>(head.x[row * head.d + d] * of_x) * factor<T>(head.w[index * head.d + d] * of_w);
  }
  return cosine_of<H, T>(head, dot, row, index);
}

// c of a class by one thread, and which of its centres gave it: the lowest of equals.
struct Centre { float c; int32_t index; };

template <class H, class T>
__device__ inline Centre plain_cosine(const Head& head, int64_t row, int64_t one_class) {
  Centre nearest = {0.0f, 0};
  for (int32_t k = 0; k < head.centres; ++k) {
    const float c = vector_cosine<H, T>(head, row, one_class * head.centres + k);
    if (k == 0 || c > nearest.c) {
      nearest = {c, k};
    }
  }
  return nearest;
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

template <class Call, class T>
bool head_is(const void* call) {
  return static_cast<const Call*>(call)->head.type == kType<T>;
}

// What the kernels with tiles take: one centre of each class, and a softmax.
template <class Call, class T>
bool head_has_tiles(const void* call) {
  const Head& head = static_cast<const Call*>(call)->head;
  return head_is<Call, T>(call) && head.centres == 1 && !is_sum(head.others);
}

}  // namespace
}  // namespace angulus::cuda
