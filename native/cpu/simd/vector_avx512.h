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

// GCC 12 warns of the unmasked forms of some intrinsics; with all lanes taking part the masked ones give the same instructions.
constexpr Mask kAll = 0xffff;

// The larger and the smaller; b where one is not a number.
AG_INLINE Vector larger(Vector a, Vector b) { return _mm512_maskz_max_ps(kAll, a, b); }
AG_INLINE Vector smaller(Vector a, Vector b) { return _mm512_maskz_min_ps(kAll, a, b); }
AG_INLINE Mask above(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
AG_INLINE Vector choose(Mask m, Vector yes, Vector no) { return _mm512_mask_blend_ps(m, no, yes); }
AG_INLINE float sum_of_lanes(Vector x) {
  const __m256 half = __builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m128 quarter = _mm256_castps256_ps128(half) + _mm256_extractf128_ps(half, 1);
  const __m128 pair = quarter + _mm_movehl_ps(quarter, quarter);
  return _mm_cvtss_f32(_mm_add_ss(pair, _mm_movehdup_ps(pair)));
}
AG_INLINE Vector nearest(Vector x) { return _mm512_maskz_roundscale_ps(kAll, x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
AG_INLINE Vector times_power_of_two(Vector x, Vector whole) { return _mm512_maskz_scalef_ps(kAll, x, whole); }  // |whole| < 200

using Integers = __m512i;
AG_INLINE Integers splat_integer(int32_t x) { return _mm512_set1_epi32(x); }
AG_INLINE Integers load_integers(const int32_t* p) { return _mm512_loadu_si512(p); }
AG_INLINE void store_integers(int32_t* p, Integers x) { _mm512_storeu_si512(p, x); }
AG_INLINE Mask equal(Integers a, Integers b) { return _mm512_cmpeq_epi32_mask(a, b); }
AG_INLINE Integers choose(Mask m, Integers yes, Integers no) { return _mm512_mask_blend_epi32(m, no, yes); }

// Lane j of vector i becomes lane i of vector j: four rounds, each a rotation of the address (vector, lane) by one bit.
AG_INLINE void transpose(Vector (&x)[kLanes]) {
  const Integers low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const Integers high = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#pragma GCC unroll 4
  for (int round = 0; round < 4; ++round) {
    Vector y[kLanes];
#pragma GCC unroll 8
    for (int i = 0; i < kLanes / 2; ++i) {
      y[2 * i] = _mm512_permutex2var_ps(x[i], low, x[i + kLanes / 2]);
      y[2 * i + 1] = _mm512_permutex2var_ps(x[i], high, x[i + kLanes / 2]);
    }
#pragma GCC unroll 16
    for (int i = 0; i < kLanes; ++i) x[i] = y[i];
  }
}

// 8 doubles, read from and rounded to floats.
using Wide = __m512d;
constexpr int kWideLanes = 8;
AG_INLINE Wide load_wide(const float* p) { return __builtin_convertvector(_mm256_loadu_ps(p), Wide); }
AG_INLINE void store_wide(float* p, Wide x) { _mm256_storeu_ps(p, __builtin_convertvector(x, __m256)); }

}  // namespace
