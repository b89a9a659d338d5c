// A register tile of the int8 convolution with vpdpbusd: up to 14 pixels by 32 output channels. A step multiplies a quad, four channels of one pixel (u8, one broadcast), with
// the four weights of 16 output channels (s8) and adds the four products to their int32 sums: one vpdpbusd, exact. The tile is direct_tile.h's with a quad in the
// place of a channel. Bound by the two multipliers: 14 x 2 steps for 16 loads, in 14 cycles.
#pragma once

#include "int8_finish.h"
#include "int8_sweep.h"

namespace {

AG_INLINE Integers dot(Integers sum, Integers quads, Integers weights) { return _mm512_dpbusd_epi32(sum, quads, weights); }
AG_INLINE Integers broadcast_quad(const float* p) { return _mm512_castps_si512(_mm512_set1_ps(*p)); }

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
    const Int8Channels channels(c, z.sums, k, t.count - v * kLanes);
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
