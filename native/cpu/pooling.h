// Which windows of a max pooling hold a place, and which places a window holds, along one direction. ISA files include this: inlined, so that no
// copy of one level is linked into another.
#pragma once

#include "kernel.h"

namespace angulus::cpu {

// [first, last), in elements of one direction.
struct Stretch {
  int32_t first, last;
};

// The places of window o that lie in the input.
static inline __attribute__((always_inline)) Stretch places_of_window(int32_t o, int32_t window, int32_t stride, int32_t input) {
  const int32_t first = o * stride;
  return {first, first + window < input ? first + window : input};
}

// The windows that hold place i.
static inline __attribute__((always_inline)) Stretch windows_of_place(int32_t i, int32_t window, int32_t stride, int32_t output) {
  const int32_t last = i / stride + 1;
  return {i < window ? 0 : (i - window) / stride + 1, last < output ? last : output};
}

}  // namespace angulus::cpu
