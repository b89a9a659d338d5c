// What both directions of max pooling share: how elements of (N,H,W,C) are shared out, and which windows and places belong together.
#pragma once

#include "../device/storage.cuh"

namespace angulus::cuda {

// W channels of one place of a tensor (N, rows, columns, C): those of one thread. outside: beyond the tensor's end.
struct PoolPlace {
  int64_t image;
  int32_t row, column, channel;
  bool outside;

  __device__ static PoolPlace own(const ag_max_pool_shape& s, int32_t rows, int32_t columns, int width) {
    const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
    const int32_t chunks = s.c / width;
    const int64_t pixel = index / chunks, line = pixel / columns;
    return {line / rows, static_cast<int32_t>(line % rows), static_cast<int32_t>(pixel % columns), static_cast<int32_t>(index % chunks) * width,
            line / rows >= s.n};
  }
};

inline dim3 pool_grid(const ag_max_pool_shape& s, int32_t rows, int32_t columns, int width) {
  return piece_grid(int64_t{s.n} * rows * columns * (s.c / width), 1);
}

__device__ inline int64_t pool_element(const ag_max_pool_shape& s, int64_t image, int32_t row, int32_t column, int32_t rows, int32_t columns,
                                       int32_t channel) {
  return ((image * rows + row) * columns + column) * s.c + channel;
}

// [first, last) along one direction.
struct Stretch {
  int32_t first, last;
};

// The places of window o that lie in the input.
__device__ inline Stretch places_of_window(int32_t o, const ag_max_pool_shape& s, int32_t input) {
  const int32_t first = o * s.stride;
  return {first, first + s.window < input ? first + s.window : input};
}

// The windows that hold place i.
__device__ inline Stretch windows_of_place(int32_t i, const ag_max_pool_shape& s, int32_t output) {
  const int32_t last = i / s.stride + 1;
  return {i < s.window ? 0 : (i - s.window) / s.stride + 1, last < output ? last : output};
}

}  // namespace angulus::cuda
