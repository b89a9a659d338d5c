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

// The larger and the smaller; b where one is not a number.
AG_INLINE Vector larger(Vector a, Vector b) { return _mm256_max_ps(a, b); }
AG_INLINE Vector smaller(Vector a, Vector b) { return _mm256_min_ps(a, b); }
AG_INLINE Mask above(Vector a, Vector b) { return _mm256_castps_si256(_mm256_cmp_ps(a, b, _CMP_GT_OQ)); }
AG_INLINE Vector choose(Mask m, Vector yes, Vector no) { return _mm256_blendv_ps(no, yes, _mm256_castsi256_ps(m)); }
AG_INLINE float sum_of_lanes(Vector x) {
  __m128 sum = _mm_add_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  sum = _mm_add_ps(sum, _mm_movehl_ps(sum, sum));
  return _mm_cvtss_f32(_mm_add_ss(sum, _mm_movehdup_ps(sum)));
}
AG_INLINE Vector nearest(Vector x) { return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
AG_INLINE Vector times_power_of_two(Vector x, Vector whole) {  // |whole| < 200: in two factors
  const __m256i n = _mm256_cvtps_epi32(whole), low = _mm256_srai_epi32(n, 1), bias = _mm256_set1_epi32(127);
  const __m256i first = _mm256_slli_epi32(_mm256_add_epi32(low, bias), 23);
  const __m256i second = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(n, low), bias), 23);
  return _mm256_mul_ps(_mm256_mul_ps(x, _mm256_castsi256_ps(first)), _mm256_castsi256_ps(second));
}

using Integers = __m256i;
AG_INLINE Integers splat_integer(int32_t x) { return _mm256_set1_epi32(x); }
AG_INLINE Integers load_integers(const int32_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
AG_INLINE void store_integers(int32_t* p, Integers x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
AG_INLINE Mask equal(Integers a, Integers b) { return _mm256_cmpeq_epi32(a, b); }
AG_INLINE Integers choose(Mask m, Integers yes, Integers no) { return _mm256_blendv_epi8(no, yes, m); }

// Lane j of vector i becomes lane i of vector j: three rounds, each a rotation of the address (vector, lane) by one bit.
AG_INLINE void transpose(Vector (&x)[kLanes]) {
#pragma GCC unroll 3
  for (int round = 0; round < 3; ++round) {
    Vector y[kLanes];
#pragma GCC unroll 4
    for (int i = 0; i < kLanes / 2; ++i) {
      const Vector even = _mm256_unpacklo_ps(x[i], x[i + kLanes / 2]), odd = _mm256_unpackhi_ps(x[i], x[i + kLanes / 2]);
      y[2 * i] = _mm256_permute2f128_ps(even, odd, 0x20);
      y[2 * i + 1] = _mm256_permute2f128_ps(even, odd, 0x31);
    }
#pragma GCC unroll 8
    for (int i = 0; i < kLanes; ++i) x[i] = y[i];
  }
}

// 4 doubles, read from and rounded to floats.
using Wide = __m256d;
constexpr int kWideLanes = 4;
AG_INLINE Wide load_wide(const float* p) { return _mm256_cvtps_pd(_mm_loadu_ps(p)); }
AG_INLINE void store_wide(float* p, Wide x) { _mm_storeu_ps(p, _mm256_cvtpd_ps(x)); }

}  // namespace
