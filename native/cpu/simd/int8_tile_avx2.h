// A register tile of the int8 convolution with AVX2: up to 6 pixels by 16 output channels, in two halves of 8. u8 and s8 are widened to 16 bits, which vpmaddwd
// multiplies and adds in pairs, exact; vpmaddubsw would cut sums off at 16 bits. A quad of one pixel stands four times in a vector, beside the weights of four
// output channels. Bound by the vector units: a step of 6 x 8 x 4 products takes 12 products, 12 sums and 8 widenings, in about 11 cycles.
#pragma once

#include "int8_sweep.h"

namespace {

AG_INLINE __m256i widened_quad(const float* p) { return _mm256_cvtepu8_epi16(_mm_castps_si128(_mm_broadcast_ss(p))); }
AG_INLINE __m256i widened_weights(const int8_t* p) {
  return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}

// The whole numbers of up to 8 stored bytes.
AG_INLINE __m256i load_bytes(const uint8_t* p, int count) {
  uint64_t bytes = 0;
  if (count >= 8) {
    __builtin_memcpy(&bytes, p, 8);
  } else {
    for (int i = 0; i < count; ++i) bytes |= uint64_t{p[i]} << 8 * i;
  }
  return _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(int64_t(bytes)));
}

// Of 8 numbers from 0 to 255.
AG_INLINE void store_bytes(uint8_t* p, __m256i whole, int count) {
  const __m256i shorts = _mm256_packs_epi32(whole, whole);
  const __m128i bytes = _mm_packus_epi16(_mm_unpacklo_epi64(_mm256_castsi256_si128(shorts), _mm256_extracti128_si256(shorts, 1)), _mm_setzero_si128());
  const uint64_t eight = uint64_t(_mm_cvtsi128_si64(bytes));
  if (count >= 8) {
    __builtin_memcpy(p, &eight, 8);
  } else {
    for (int i = 0; i < count; ++i) p[i] = uint8_t(eight >> 8 * i);
  }
}

// The parameters of 8 output channels.
struct Int8Channels { __m256i correction; Vector scale, bias, slope; int count; };

AG_INLINE void store_int8(const Int8Conv2dCall& c, __m256i sum, const Int8Channels& z, int64_t at) {
  Vector v = _mm256_cvtepi32_ps(_mm256_sub_epi32(sum, z.correction)) * z.scale;
  v = v + z.bias;
  if (c.slope) v = positive_or(v, v * z.slope);
  if (c.residual) {
    const __m256i r = _mm256_sub_epi32(load_bytes(c.residual + at, z.count), _mm256_set1_epi32(c.residual_zero));
    v = v + _mm256_cvtepi32_ps(r) * splat(c.residual_scale);
  }
  if (c.rounded) {
    v = _mm256_min_ps(v, splat(float(255 - c.y_zero)));
    v = _mm256_max_ps(v, splat(float(-c.y_zero)));
    store_bytes(static_cast<uint8_t*>(c.y) + at, _mm256_add_epi32(_mm256_cvtps_epi32(v), _mm256_set1_epi32(c.y_zero)), z.count);
  } else {
    store_masked(first_lanes(z.count), static_cast<float*>(c.y) + at, v);
  }
}

template <int pixels, int width>
AG_INLINE void int8_half(const Int8Sweep& z, const Int8Tile& t, int half) {
  __m256i sum[pixels][2];
#pragma GCC unroll 6
  for (int i = 0; i < pixels; ++i) sum[i][0] = sum[i][1] = _mm256_setzero_si256();
  const int8_t* w = t.weights + half * 4 * kLanes;
  for (int block = 0; block < z.blocks; ++block) {
    const int quads = block + 1 < z.blocks ? kSlot : z.last;
    for (int tap = 0; tap < z.taps; ++tap) {
      const int64_t at = block * z.block_stride + z.offset[tap];
      const float* a = t.in[0] + at;
      const float* b = t.in[pixels == width ? 0 : 1] + at;
      for (int c = 0; c < quads; ++c, ++a, ++b, w += 4 * kInt8Panel) {
        const __m256i low = widened_weights(w), high = widened_weights(w + 16);
#pragma GCC unroll 6
        for (int i = 0; i < pixels; ++i) {
          const __m256i x = widened_quad((i < width ? a : b) + (i % width) * kSlot);
          sum[i][0] = _mm256_add_epi32(sum[i][0], _mm256_madd_epi16(x, low));
          sum[i][1] = _mm256_add_epi32(sum[i][1], _mm256_madd_epi16(x, high));
        }
      }
    }
  }
  const Int8Conv2dCall& c = *z.call;
  const int k = t.k + half * kLanes, count = t.count - half * kLanes;
  const Mask m = first_lanes(count);
  Int8Channels channels;
  channels.count = count;
  channels.correction = _mm256_mullo_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(z.sums + k)), _mm256_set1_epi32(c.x_zero));
  channels.scale = load_masked(m, c.scale + k);
  channels.bias = load_masked(m, c.bias + k);
  channels.slope = c.slope ? load_masked(m, c.slope + k) : zero();
#pragma GCC unroll 6
  for (int i = 0; i < pixels; ++i) {
    // Neighbours are the two parts of a channel's sum; channels come out as 0 1 4 5 2 3 6 7.
    const __m256i whole = _mm256_permute4x64_epi64(_mm256_hadd_epi32(sum[i][0], sum[i][1]), 0xd8);
    store_int8(c, whole, channels, t.out[i / width] + (i % width) * z.channels + k);
  }
}

template <int rows, int width>
static void int8_tile(const Int8Sweep& z, const Int8Tile& t) {
  int8_half<rows * width, width>(z, t, 0);
  if (t.count > kLanes) int8_half<rows * width, width>(z, t, 1);
}

using Int8TileFunction = void (*)(const Int8Sweep&, const Int8Tile&);

static const Int8TileFunction kInt8TilesOfOneRow[kTileRows] = {int8_tile<1, 1>, int8_tile<1, 2>, int8_tile<1, 3>,
                                                               int8_tile<1, 4>, int8_tile<1, 5>, int8_tile<1, 6>};
static const Int8TileFunction kInt8TilesOfTwoRows[kTileRows / 2] = {int8_tile<2, 1>, int8_tile<2, 2>, int8_tile<2, 3>};

// The function of a tile of `width` pixels in each of `rows` rows.
AG_INLINE Int8TileFunction int8_tiles(int, int rows, int width) {
  return rows == 1 ? kInt8TilesOfOneRow[width - 1] : kInt8TilesOfTwoRows[width - 1];
}

}  // namespace
