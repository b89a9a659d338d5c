// What the bf16 convolution adds to slots_avx2.h: numbers stored as bf16, and products of pairs of them, which are widened to f32.
#pragma once

#include "slots_avx2.h"

namespace {

// 32 neighbouring output channels of a pixel, of which the first `count` exist.
constexpr int kPanelVectors = 4;
struct PanelMask {
  int count;
  Mask part[kPanelVectors];
};
AG_INLINE PanelMask panel_mask(int64_t count) {
  const int n = int(count);
  return {n, {first_lanes(n), first_lanes(n - kLanes), first_lanes(n - 2 * kLanes), first_lanes(n - 3 * kLanes)}};
}
AG_INLINE Vector load_bf16(const PanelMask& m, const uint16_t* p, int v) {
  alignas(16) uint16_t halves[kLanes] = {};
  copy_bytes(reinterpret_cast<char*>(halves), reinterpret_cast<const char*>(p + v * kLanes), 2 * (m.count - v * kLanes < kLanes ? m.count - v * kLanes : kLanes));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_load_si128(reinterpret_cast<const __m128i*>(halves))), 16));
}
// To the nearest, ties to even; what is no number stays so.
AG_INLINE void store_bf16(const PanelMask& m, uint16_t* p, const Vector (&x)[kPanelVectors]) {
  for (int v = 0; v < kPanelVectors && v * kLanes < m.count; ++v) {
    const Integers bits = _mm256_castps_si256(x[v]);
    const Integers tie = _mm256_and_si256(_mm256_srli_epi32(bits, 16), splat_integer(1));
    const Integers rounded = _mm256_srli_epi32(_mm256_add_epi32(_mm256_add_epi32(bits, splat_integer(0x7fff)), tie), 16);
    const Integers quiet = _mm256_or_si256(_mm256_srli_epi32(bits, 16), splat_integer(0x40));
    const Integers whole = choose(_mm256_castps_si256(_mm256_cmp_ps(x[v], x[v], _CMP_UNORD_Q)), quiet, rounded);
    alignas(16) uint16_t halves[kLanes];
    _mm_store_si128(reinterpret_cast<__m128i*>(halves), _mm_packus_epi32(_mm256_castsi256_si128(whole), _mm256_extracti128_si256(whole, 1)));
    copy_bytes(reinterpret_cast<char*>(p + v * kLanes), reinterpret_cast<const char*>(halves), 2 * (m.count - v * kLanes < kLanes ? m.count - v * kLanes : kLanes));
  }
}

// The register tile: 5 pixels by 2 vectors of output channels: 10 sums, 4 halves of weights and 2 of a pixel take all 16 registers. Bound by the multipliers,
// which take two products for what is one with AVX512_BF16.
constexpr int kPairPixels = 5;
struct Pairs { Vector even, odd; };
AG_INLINE Pairs halves_of(Integers words) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(words, 16)), _mm256_castsi256_ps(_mm256_and_si256(words, splat_integer(int32_t(0xffff0000))))};
}
AG_INLINE Pairs load_pairs(const char* p) { return halves_of(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
AG_INLINE Pairs broadcast_pair(const char* p) { return halves_of(_mm256_castps_si256(broadcast(reinterpret_cast<const float*>(p)))); }
AG_INLINE Vector add_products(Vector sum, Pairs x, Pairs w) { return fma(x.odd, w.odd, fma(x.even, w.even, sum)); }

}  // namespace
