// Reductions over a warp and a block, in an order that depends on nothing but the number of lanes: equal inputs give equal bits.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

constexpr int kWarpSize = 32;
constexpr unsigned kFullWarp = 0xffffffffu;

// Sum over `width` neighbouring lanes (a power of two up to 32), the same bits in each: a butterfly adds pairs, and a + b = b + a.
template <class T>
__device__ inline T warp_sum(T value, int width = kWarpSize) {
  for (int lanes = width / 2; lanes > 0; lanes /= 2) {
    value += __shfl_xor_sync(kFullWarp, value, lanes);
  }
  return value;
}

// Sum over the block, valid in thread 0. scratch: one T for each warp of the block. blockDim.x is a multiple of 32; every thread calls.
// Ends with no barrier: the next write to scratch needs one before it.
template <class T>
__device__ inline T block_sum(T value, T* scratch) {
  value = warp_sum(value);
  if (threadIdx.x % kWarpSize == 0) {
    scratch[threadIdx.x / kWarpSize] = value;
  }
  __syncthreads();  // thread 0 reads every warp's sum
  T sum = 0;
  if (threadIdx.x == 0) {
    for (unsigned warp = 0; warp < blockDim.x / kWarpSize; ++warp) {
      sum += scratch[warp];
    }
  }
  return sum;
}

// Count, mean and sum of squared deviations of some numbers.
struct Moments {
  float count, mean, m2;
};

// Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979).
__device__ inline Moments merge(const Moments& a, const Moments& b) {
  const float count = a.count + b.count;
  if (count == 0.0f) {
    return a;
  }
  const float delta = b.mean - a.mean;
  const float share = b.count / count;
  return {count, a.mean + delta * share, a.m2 + b.m2 + delta * delta * a.count * share};
}

}  // namespace angulus::cuda
