// Vectors of 16 floats for the kernels of this directory: the names that vector_avx2.h gives to 8. Compiled with -march=x86-64-v4 only.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define AG_INLINE static inline __attribute__((always_inline))
#define AG_SHARED [[maybe_unused]] static  // a function that not every file of this level needs
#define AG_ISA Isa::avx512

namespace {

using Vector = __m512;
using Mask = __mmask16;  // one bit for each lane that takes part
constexpr int kLanes = 16;
constexpr int kTileRows = 14;  // pixels of a register tile: 14 x 2 sums, 2 weights and 1 broadcast take 31 of 32 registers

AG_INLINE Vector zero() { return _mm512_setzero_ps(); }
AG_INLINE Vector splat(float x) { return _mm512_set1_ps(x); }
AG_INLINE Vector broadcast(const float* p) { return _mm512_set1_ps(*p); }
AG_INLINE Vector load(const float* p) { return _mm512_loadu_ps(p); }
AG_INLINE void store(float* p, Vector x) { _mm512_storeu_ps(p, x); }
AG_INLINE Vector fma(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
AG_INLINE Vector positive_or(Vector x, Vector other) {  // lane: x > 0 ? x : other
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_GT_OQ), other, x);
}
// The first `count` lanes; a count below 0 or above 16 means none or all.
AG_INLINE Mask first_lanes(int count) {
  return count >= kLanes ? Mask(0xffff) : count <= 0 ? Mask(0) : Mask((1u << count) - 1u);
}
AG_INLINE Vector load_masked(Mask m, const float* p) { return _mm512_maskz_loadu_ps(m, p); }
AG_INLINE void store_masked(Mask m, float* p, Vector x) { _mm512_mask_storeu_ps(p, m, x); }

// 8 doubles, read from and rounded to floats.
using Wide = __m512d;
constexpr int kWideLanes = 8;
AG_INLINE Wide load_wide(const float* p) { return __builtin_convertvector(_mm256_loadu_ps(p), Wide); }
AG_INLINE void store_wide(float* p, Wide x) { _mm256_storeu_ps(p, __builtin_convertvector(x, __m256)); }

}  // namespace
