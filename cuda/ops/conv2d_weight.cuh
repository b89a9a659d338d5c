// A weight, which is f32, as a convolution over tensors of T multiplies it.
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {

template <class T>
__device__ inline float factor(float weight) {
  if constexpr (std::is_same<T, Bf16>::value) {
    return to_float(to_bf16(weight));
  } else {
    return weight;
  }
}

}  // namespace angulus::cuda
