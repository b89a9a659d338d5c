// Dot products of rows by one warp each, for the ops that need the length of a row.
#pragma once

#include "../device/reduce.cuh"
#include "../device/storage.cuh"

namespace angulus::cuda {
namespace {

constexpr int kWarpRows = 8;  // of a block
constexpr int kRowThreads = 128;  // of a block whose threads take a row each

__device__ inline int64_t warp_row() { return static_cast<int64_t>(blockIdx.x) * kWarpRows + threadIdx.x / kWarpSize; }
__device__ inline int warp_lane() { return static_cast<int>(threadIdx.x) % kWarpSize; }

// <a, b>, the same bits in each lane: lane i takes elements i W to i W + W - 1, then those 32 W further on.
template <int W, class T>
__device__ inline float warp_dot(const T* a, const T* b, int columns) {
  float sum = 0.0f;
  for (int column = warp_lane() * W; column < columns; column += kWarpSize * W) {
    float left[W], right[W];
    load(a + column, left);
    load(b + column, right);
#pragma unroll
    for (int i = 0; i < W; ++i) {
      sum += left[i] * right[i];
    }
  }
  return warp_sum(sum);
}

// <a, b> by one thread.
template <class T>
__device__ inline float plain_dot(const T* a, const T* b, int columns) {
  float sum = 0.0f;
  for (int column = 0; column < columns; ++column) {
    sum += to_float(a[column]) * to_float(b[column]);
  }
  return sum;
}

}  // namespace
}  // namespace angulus::cuda
