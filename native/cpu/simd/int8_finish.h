// What becomes of the int32 sums of an int8 convolution, with AVX-512: the same numbers as in ../ops/int8.cpp, bit by bit.
#pragma once

#include "../kernel.h"

namespace {

using namespace angulus;

// The parameters of 16 output channels.
struct Int8Channels {
  Integers correction;
  Vector scale, bias, slope;
  Mask mask;

  // sums: of each output channel's weights. k: the first channel, of which `count` and more exist.
  Int8Channels(const Int8Conv2dCall& c, const int32_t* sums, int64_t k, int count) {
    mask = first_lanes(count);
    correction = _mm512_mullo_epi32(load_integers(sums + k), splat_integer(c.x_zero));
    scale = load_masked(mask, c.scale + k);
    bias = load_masked(mask, c.bias + k);
    slope = c.slope ? load_masked(mask, c.slope + k) : zero();
  }
};

AG_INLINE void store_int8(const Int8Conv2dCall& c, Integers sum, const Int8Channels& z, int64_t at) {
  Vector v = _mm512_maskz_cvtepi32_ps(kAll, _mm512_sub_epi32(sum, z.correction)) * z.scale;
  v = v + z.bias;
  if (c.slope) v = positive_or(v, v * z.slope);
  if (c.residual) {
    const Integers r = _mm512_sub_epi32(_mm512_maskz_cvtepu8_epi32(kAll, _mm_maskz_loadu_epi8(z.mask, c.residual + at)), splat_integer(c.residual_zero));
    v = v + _mm512_maskz_cvtepi32_ps(kAll, r) * splat(c.residual_scale);
  }
  if (c.rounded) {
    v = smaller(v, splat(float(255 - c.y_zero)));
    v = larger(v, splat(float(-c.y_zero)));
    const Integers whole = _mm512_add_epi32(_mm512_maskz_cvtps_epi32(kAll, v), splat_integer(c.y_zero));
    _mm_mask_storeu_epi8(static_cast<uint8_t*>(c.y) + at, z.mask, _mm512_maskz_cvtepi32_epi8(kAll, whole));
  } else {
    store_masked(z.mask, static_cast<float*>(c.y) + at, v);
  }
}

}  // namespace
