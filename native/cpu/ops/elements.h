// The two ways that activations are stored, for kernels that are written once for both: T is float or Bf16.
#pragma once

#include "bf16.h"
#include "kernel.h"

namespace angulus::cpu {

inline float number(float x) { return x; }
inline float number(Bf16 x) { return to_float(x); }

inline void put(float* y, float x) { *y = x; }
inline void put(Bf16* y, float x) { *y = to_bf16(x); }

// A weight, f32, as a factor of products with elements of T.
template <class T>
float factor(float w) {
  T rounded;
  put(&rounded, w);
  return number(rounded);
}

template <class Call>
bool is_bf16(const void* call) { return static_cast<const Call*>(call)->shape.type == AG_BF16; }

}  // namespace angulus::cpu
