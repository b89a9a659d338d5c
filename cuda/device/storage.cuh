// Reading and writing numbers as they are stored: T is float or bf16, arithmetic is f32. A kernel that works in both types is a template over
// T and touches memory through these alone.
#pragma once

#include "bf16.h"
#include "launch.cuh"

namespace angulus::cuda {

__device__ inline float load(const float* x) { return *x; }
__device__ inline float load(const bf16* x) { return to_float(*x); }

__device__ inline void store(float* y, float value) { *y = value; }
__device__ inline void store(bf16* y, float value) { *y = to_bf16(value); }

// The value as T would store it: how a kernel that multiplies T's numbers reads an f32 weight.
template <class T>
__device__ inline float rounded(float value) {
  return value;
}
template <>
__device__ inline float rounded<bf16>(float value) {
  return to_float(to_bf16(value));
}

}  // namespace angulus::cuda
