// A register tile of the int8 convolution with vpdpbusd: up to 14 pixels by 32 output channels. A step multiplies a quad, four channels of one pixel (u8, one broadcast), with
// the four weights of 16 output channels (s8) and adds the four products to their int32 sums: one vpdpbusd, exact. The tile is direct_tile.h's with a quad in the
// place of a channel. Bound by the two multipliers: 14 x 2 steps for 16 loads, in 14 cycles.
#pragma once

#include "int8_sweep.h"

namespace {

AG_INLINE Integers dot(Integers sum, Integers quads, Integers weights) { return _mm512_dpbusd_epi32(sum, quads, weights); }
AG_INLINE Integers broadcast_quad(const float* p) { return _mm512_castps_si512(_mm512_set1_ps(*p)); }

// The parameters of 16 output channels.
struct Int8Channels { Integers correction; Vector scale, bias, slope; Mask mask; };

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

template <int vectors, int rows, int width>
static void int8_tile(const Int8Sweep& z, const Int8Tile& t) {
  constexpr int pixels = rows * width;
  Integers sum[pixels][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < pixels; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = splat_integer(0);
  }
  const int8_t* w = t.weights;
  for (int block = 0; block < z.blocks; ++block) {
    const int quads = block + 1 < z.blocks ? kSlot : z.last;
    for (int tap = 0; tap < z.taps; ++tap) {
      const int64_t at = block * z.block_stride + z.offset[tap];
      const float* a = t.in[0] + at;
      const float* b = t.in[rows - 1] + at;
      for (int c = 0; c < quads; ++c, ++a, ++b, w += 4 * kInt8Panel) {
        Integers weight[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) weight[v] = _mm512_loadu_si512(w + v * 4 * kLanes);
#pragma GCC unroll 16
        for (int i = 0; i < pixels; ++i) {
          const Integers x = broadcast_quad((i < width ? a : b) + (i % width) * kSlot);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) sum[i][v] = dot(sum[i][v], x, weight[v]);
        }
      }
    }
  }
  const Int8Conv2dCall& c = *z.call;
#pragma GCC unroll 2
  for (int v = 0; v < vectors; ++v) {
    const int k = t.k + v * kLanes;
    Int8Channels channels;
    channels.mask = first_lanes(t.count - v * kLanes);
    channels.correction = _mm512_mullo_epi32(load_integers(z.sums + k), splat_integer(c.x_zero));
    channels.scale = load_masked(channels.mask, c.scale + k);
    channels.bias = load_masked(channels.mask, c.bias + k);
    channels.slope = c.slope ? load_masked(channels.mask, c.slope + k) : zero();
#pragma GCC unroll 16
    for (int i = 0; i < pixels; ++i) store_int8(c, sum[i][v], channels, t.out[i / width] + (i % width) * z.channels + k);
  }
}

using Int8TileFunction = void (*)(const Int8Sweep&, const Int8Tile&);

// int8_tiles(vectors, rows, width): the tile's function.
#define AG_TILES_7(vectors, rows)                                                                                              \
  int8_tile<vectors, rows, 1>, int8_tile<vectors, rows, 2>, int8_tile<vectors, rows, 3>, int8_tile<vectors, rows, 4>, \
      int8_tile<vectors, rows, 5>, int8_tile<vectors, rows, 6>, int8_tile<vectors, rows, 7>
#define AG_TILES_14(vectors)                                                                                                  \
  AG_TILES_7(vectors, 1), int8_tile<vectors, 1, 8>, int8_tile<vectors, 1, 9>, int8_tile<vectors, 1, 10>, int8_tile<vectors, 1, 11>, \
      int8_tile<vectors, 1, 12>, int8_tile<vectors, 1, 13>, int8_tile<vectors, 1, 14>
static const Int8TileFunction kInt8TilesOfOneRow[2][kTileRows] = {{AG_TILES_14(1)}, {AG_TILES_14(2)}};
static const Int8TileFunction kInt8TilesOfTwoRows[2][kTileRows / 2] = {{AG_TILES_7(1, 2)}, {AG_TILES_7(2, 2)}};
#undef AG_TILES_7
#undef AG_TILES_14

AG_INLINE Int8TileFunction int8_tiles(int vectors, int rows, int width) {
  return rows == 1 ? kInt8TilesOfOneRow[vectors - 1][width - 1] : kInt8TilesOfTwoRows[vectors - 1][width - 1];
}

}  // namespace
