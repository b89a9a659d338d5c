// Vectors of 8 floats for the kernels of this directory: the names that vector_avx512.h gives to 16. Compiled with -march=x86-64-v3 only.
#pragma once

#include <immintrin.h>
#include <stdint.h>

#define AG_INLINE static inline __attribute__((always_inline))
#define AG_SHARED [[maybe_unused]] static  // a function that not every file of this level needs
#define AG_ISA Isa::avx2

namespace {

using Vector = __m256;
using Mask = __m256i;  // the sign of each lane says whether it takes part
constexpr int kLanes = 8;
constexpr int kTileRows = 6;  // pixels of a register tile: 6 x 2 sums, 2 weights and 1 broadcast take 15 of 16 registers

AG_INLINE Vector zero() { return _mm256_setzero_ps(); }
AG_INLINE Vector splat(float x) { return _mm256_set1_ps(x); }
AG_INLINE Vector broadcast(const float* p) { return _mm256_broadcast_ss(p); }
AG_INLINE Vector load(const float* p) { return _mm256_loadu_ps(p); }
AG_INLINE void store(float* p, Vector x) { _mm256_storeu_ps(p, x); }
AG_INLINE Vector fma(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
AG_INLINE Vector positive_or(Vector x, Vector other) {  // lane: x > 0 ? x : other
  return _mm256_blendv_ps(other, x, _mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_GT_OQ));
}
// The first `count` lanes; a count below 0 or above 8 means none or all.
AG_INLINE Mask first_lanes(int count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(count), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
AG_INLINE Vector load_masked(Mask m, const float* p) { return _mm256_maskload_ps(p, m); }
AG_INLINE void store_masked(Mask m, float* p, Vector x) { _mm256_maskstore_ps(p, m, x); }

// 4 doubles, read from and rounded to floats.
using Wide = __m256d;
constexpr int kWideLanes = 4;
AG_INLINE Wide load_wide(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
AG_INLINE void store_wide(float* p, Wide x) { _mm_storeu_ps(p, _mm256_cvtpd_ps(x)); }

}  // namespace
