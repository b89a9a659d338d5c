// What the bf16 convolution adds to slots_avx512.h: numbers stored as bf16, and products of pairs of them.
#pragma once

#include "slots_avx512.h"

namespace {

// 32 neighbouring output channels of a pixel, of which the first `count` exist.
constexpr int kPanelVectors = 2;
struct PanelMask {
  __mmask32 all;
  Mask part[kPanelVectors];
};
AG_INLINE PanelMask panel_mask(int64_t count) {
  const __mmask32 m = count >= 32 ? ~__mmask32(0) : (__mmask32(1) << count) - 1;
  return {m, {Mask(m), Mask(m >> kLanes)}};
}
AG_INLINE Vector load_bf16(const PanelMask& m, const uint16_t* p, int v) {
  const __m256i halves = _mm256_maskz_loadu_epi16(m.part[v], p + v * kLanes);
  return _mm512_castsi512_ps(_mm512_maskz_slli_epi32(kAll, _mm512_maskz_cvtepu16_epi32(kAll, halves), 16));
}
AG_INLINE void store_bf16(const PanelMask& m, uint16_t* p, const Vector (&x)[kPanelVectors]) {
  _mm512_mask_storeu_epi16(p, m.all, reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(x[1], x[0])));
}

// The register tile: 14 pixels by 2 vectors of output channels. A product takes a pair of a pixel's channels to 16 output channels.
constexpr int kPairPixels = 14;
using Pairs = __m512bh;
AG_INLINE Pairs load_pairs(const char* p) { return reinterpret_cast<Pairs>(_mm512_loadu_si512(p)); }
AG_INLINE Pairs broadcast_pair(const char* p) { return reinterpret_cast<Pairs>(_mm512_set1_ps(*reinterpret_cast<const float*>(p))); }
AG_INLINE Vector add_products(Vector sum, Pairs x, Pairs w) { return _mm512_dpbf16_ps(sum, x, w); }

}  // namespace
