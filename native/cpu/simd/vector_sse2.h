// Vectors of 4 floats for the kernels of this directory: the names that vector_avx512.h gives to 16, as far as convolutions need them. Every x86-64 has SSE2;
// it has no fused multiply-add (a product is rounded before it is added) and no masked access.
#pragma once

#include <emmintrin.h>
#include <stdint.h>

#define AG_INLINE static inline __attribute__((always_inline))
#define AG_SHARED [[maybe_unused]] static  // a function that not every file of this level needs
#define AG_ISA Isa::sse2

namespace {

using Vector = __m128;
using Mask = int;  // how many lanes, from the first on, take part
constexpr int kLanes = 4;
constexpr int kTileRows = 6;  // pixels of a register tile: 6 x 2 sums, 2 weights, 1 broadcast and a product take 16 of 16 registers

AG_INLINE Vector zero() { return _mm_setzero_ps(); }
AG_INLINE Vector splat(float x) { return _mm_set1_ps(x); }
AG_INLINE Vector broadcast(const float* p) { return _mm_set1_ps(*p); }
AG_INLINE Vector load(const float* p) { return _mm_loadu_ps(p); }
AG_INLINE void store(float* p, Vector x) { _mm_storeu_ps(p, x); }
AG_INLINE Vector fma(Vector a, Vector b, Vector c) { return a * b + c; }
AG_INLINE Vector positive_or(Vector x, Vector other) {  // lane: x > 0 ? x : other
  const Vector positive = _mm_cmpgt_ps(x, _mm_setzero_ps());
  return _mm_or_ps(_mm_and_ps(positive, x), _mm_andnot_ps(positive, other));
}
// The first `count` lanes; a count below 0 or above 4 means none or all.
AG_INLINE Mask first_lanes(int count) { return count < 0 ? 0 : count > kLanes ? kLanes : count; }
AG_INLINE Vector load_masked(Mask m, const float* p) {
  switch (m) {
    case 0: return zero();
    case 1: return _mm_load_ss(p);
    case 2: return _mm_setr_ps(p[0], p[1], 0, 0);
    case 3: return _mm_setr_ps(p[0], p[1], p[2], 0);
    default: return load(p);
  }
}
AG_INLINE void store_masked(Mask m, float* p, Vector x) {
  if (m == kLanes) return store(p, x);
  for (int lane = 0; lane < m; ++lane) p[lane] = x[lane];
}

// 2 doubles, read from and rounded to floats.
using Wide = __m128d;
constexpr int kWideLanes = 2;
AG_INLINE Wide load_wide(const float* p) { return Wide{p[0], p[1]}; }
AG_INLINE void store_wide(float* p, Wide x) { p[0] = float(x[0]), p[1] = float(x[1]); }

}  // namespace
