// How the numbers of a tensor are stored: f32, or bf16 (the upper half of an f32). Arithmetic and sums are always f32: a kernel is a
// template over the storage type T (float or Bf16) and goes through load and store.
#pragma once

#include <cstring>
#include <type_traits>

#include "bf16.h"
#include "launch.cuh"

namespace angulus::cuda {

template <class T>
constexpr int32_t kType = std::is_same<T, Bf16>::value ? AG_BF16 : AG_F32;

// Elements of 16 bytes, the widest access of a thread.
template <class T>
constexpr int kVector = 16 / static_cast<int>(sizeof(T));

// An instruction of the card from sm_80 on; the model gives the same bits but for a NaN's payload.
__host__ __device__ inline Bf16 to_bf16(float value) {
#ifdef __CUDA_ARCH__
  uint16_t bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return {bits};
#else
  return ::angulus::to_bf16(value);
#endif
}

__host__ __device__ inline float to_float(float value) { return value; }

__device__ inline void store(float* y, float value) { *y = value; }
__device__ inline void store(Bf16* y, float value) { *y = to_bf16(value); }

// W elements from x on; W is 1, or kVector<T> and x is aligned to 16 bytes.
template <class T, int W>
__device__ inline void load(const T* x, float (&values)[W]) {
  if constexpr (W == 1) {
    values[0] = to_float(*x);
  } else {
    static_assert(W == kVector<T>, "one element or 16 bytes");
    const float4 bytes = *reinterpret_cast<const float4*>(x);
    T elements[W];
    memcpy(elements, &bytes, sizeof bytes);
#pragma unroll
    for (int i = 0; i < W; ++i) {
      values[i] = to_float(elements[i]);
    }
  }
}

// The same from element `at` of x on; zeros where x is null.
template <class T, int W>
__device__ inline void load_optional(const T* x, int64_t at, float (&values)[W]) {
  if (x != nullptr) {
    load(x + at, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < W; ++i) {
    values[i] = 0.0f;
  }
}

template <class T, int W>
__device__ inline void store(T* y, const float (&values)[W]) {
  if constexpr (W == 1) {
    store(y, values[0]);
  } else {
    static_assert(W == kVector<T>, "one element or 16 bytes");
    T elements[W];
#pragma unroll
    for (int i = 0; i < W; ++i) {
      store(elements + i, values[i]);
    }
    float4 bytes;
    memcpy(&bytes, elements, sizeof bytes);
    *reinterpret_cast<float4*>(y) = bytes;
  }
}

// The elements of one thread in a flat array: 16 bytes of them, fewer at the end of the array, none beyond it.
template <class T>
struct Piece {
  int64_t first;
  int count;
};

constexpr int kPieceThreads = 256;

inline dim3 piece_grid(int64_t count, int elements) { return grid_of(ceil_div(count, int64_t{kPieceThreads} * elements)); }

template <class T>
__device__ inline Piece<T> own_piece(int64_t count) {
  const int64_t first = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * kVector<T>;
  const int64_t left = count - first;
  return {first, static_cast<int>(left < 0 ? 0 : left < kVector<T> ? left : kVector<T>)};
}

// x is the array's first element.
template <class T>
__device__ inline void load(const T* x, const Piece<T>& piece, float (&values)[kVector<T>]) {
  if (piece.count == kVector<T>) {
    load(x + piece.first, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < kVector<T>; ++i) {
    values[i] = i < piece.count ? to_float(x[piece.first + i]) : 0.0f;
  }
}

// Two neighbours, the first in the lower half.
__device__ inline uint32_t pack_pair(const float (&values)[2]) {
  return to_bf16(values[0]).bits | static_cast<uint32_t>(to_bf16(values[1]).bits) << 16;
}
__device__ inline void unpack_pair(uint32_t pair, float (&values)[2]) {
  values[0] = to_float(Bf16{static_cast<uint16_t>(pair)});
  values[1] = to_float(Bf16{static_cast<uint16_t>(pair >> 16)});
}

template <class T>
__device__ inline void store(T* y, const Piece<T>& piece, const float (&values)[kVector<T>]) {
  if (piece.count == kVector<T>) {
    store(y + piece.first, values);
    return;
  }
#pragma unroll
  for (int i = 0; i < kVector<T>; ++i) {
    if (i < piece.count) {
      store(y + piece.first + i, values[i]);
    }
  }
}

// A candidate's accepts: the tensors of the call are stored as T.
template <class Call, class T>
bool shape_is(const void* call) {
  return static_cast<const Call*>(call)->shape.type == kType<T>;
}

template <class Call, class T>
bool layer_is(const void* call) {
  return static_cast<const Call*>(call)->layer.type == kType<T>;
}

// f(width) with the elements that a thread takes of a row at once, a compile-time number: 16 bytes where every row begins aligned.
template <class T, class F>
inline void with_width(int64_t columns, const F& f) {
  if (columns % kVector<T> == 0) {
    f(std::integral_constant<int, kVector<T>>{});
  } else {
    f(std::integral_constant<int, 1>{});
  }
}

}  // namespace angulus::cuda
