// The register tile of the direct convolution:
//   y(pixel, k) = sum over C blocks, taps and channels of packed(pixel + tap, c) weights(c, k),  k in one panel of kPanel channels
// for up to kTileRows pixels of one output row, or of two short rows. Every pixel's sum is taken in the same order whatever its place in the tile.
//
// A step reads 2 vectors of weights and broadcasts one float per pixel: 2 n multiply-adds for n + 2 loads. Bound by the multiply-add units while the
// weights arrive in time (128 bytes in about n cycles with 16 lanes): they are asked for kAhead steps before their use, without which a tile waits for
// L2, and twice as long for memory where the weights are cold. Memory is slower than the first tile of a panel, and idle during the others: between
// them, all tiles of a panel ask for the next panel. The packed pixels of a tile stay in L1 for all taps; with one tap they are met once, and asked for
// a C block ahead (kTileRows lines for each line of channels: fewer than there are steps).
#pragma once

#include "direct_shape.h"

namespace {

// What every tile of a piece shares.
struct Sweep {
  int blocks, last;        // C blocks; channels in the last one (kSlot in the others)
  int taps;
  int64_t block_stride;    // floats between C blocks of the packed input
  int64_t pixel_stride;    // floats between output pixels
  float* y;
  const float* residual;   // like y; null: none
  const float* bias;       // (K); null: none
  const float* slope;      // (K); null: none
  int32_t offset[kMaxTaps];
};

constexpr int kIntoL2 = 2;  // of __builtin_prefetch

struct Tile {
  const float* in[2];      // first pixel of each row
  int64_t out[2];          // floats from y to it
  const float* weights;    // the panel: [C block][tap][channel][kPanel]
  const float* next;       // this tile's part of the next panel, of which each step asks for next_step floats
  int64_t next_step;
  int k;                   // first output channel
  int count;               // output channels, 1 to kPanel
};

// Divides the next panel among the tiles of one; a single tile has no time for it.
AG_INLINE void ask_for_next(Tile& t, const float* next, int64_t tiles) {
  t.next = tiles == 1 ? t.weights : next;
  t.next_step = kPanel / tiles;
}

AG_INLINE void store_sum(const Sweep& z, Vector v, Vector bias, Vector slope, bool full, Mask m, int64_t at) {
  if (z.bias) v = v + bias;
  if (z.slope) v = positive_or(v, v * slope);
  if (full) {
    if (z.residual) v = v + load(z.residual + at);
    store(z.y + at, v);
  } else {
    if (z.residual) v = v + load_masked(m, z.residual + at);
    store_masked(m, z.y + at, v);
  }
}

// The sums of a tile. With one tap its pixels are asked for a C block ahead, at last those of the next tile.
template <int vectors, int rows, int width, bool one_tap>
AG_INLINE void direct_sums(const Sweep& z, const Tile& t, Vector sum[rows * width][vectors]) {
  constexpr int pixels = rows * width;
  const int taps = one_tap ? 1 : z.taps;
  const float* w = t.weights;
  const float* next = t.next;
  for (int block = 0; block < z.blocks; ++block) {
    const int channels = block + 1 < z.blocks ? kSlot : z.last;
    for (int tap = 0; tap < taps; ++tap) {
      const int64_t at = block * z.block_stride + z.offset[tap];
      const float* a = t.in[0] + at;
      const float* b = t.in[rows - 1] + at;
      const float* soon = block + 1 < z.blocks ? a + z.block_stride : t.in[0] + pixels * kSlot;
      for (int c = 0; c < channels; ++c, ++a, ++b, w += kPanel, next += t.next_step, soon += kLineFloats) {
        if (one_tap) __builtin_prefetch(soon);
#pragma GCC unroll 2
        for (int i = 0; i < vectors * kLanes; i += kLineFloats) __builtin_prefetch(w + kAhead * kPanel + i);
        __builtin_prefetch(next, 0, kIntoL2);
        Vector weight[vectors];
#pragma GCC unroll 2
        for (int v = 0; v < vectors; ++v) weight[v] = load(w + v * kLanes);
#pragma GCC unroll 16
        for (int i = 0; i < pixels; ++i) {
          const Vector x = broadcast((i < width ? a : b) + (i % width) * kSlot);
#pragma GCC unroll 2
          for (int v = 0; v < vectors; ++v) sum[i][v] = fma(x, weight[v], sum[i][v]);
        }
      }
    }
  }
}

// `rows` rows of `width` pixels, `vectors` vectors of output channels (1 where the panel's second half is empty).
template <int vectors, int rows, int width>
static void direct_tile(const Sweep& z, const Tile& t) {
  constexpr int pixels = rows * width;
  Vector sum[pixels][vectors];
#pragma GCC unroll 16
  for (int i = 0; i < pixels; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < vectors; ++v) sum[i][v] = zero();
  }
  if (rows == 1 && z.taps == 1) {
    direct_sums<vectors, rows, width, rows == 1>(z, t, sum);
  } else {
    direct_sums<vectors, rows, width, false>(z, t, sum);
  }
#pragma GCC unroll 2
  for (int v = 0; v < vectors; ++v) {
    const bool full = t.count - v * kLanes >= kLanes;
    const Mask m = first_lanes(t.count - v * kLanes);
    const int k = t.k + v * kLanes;
    const Vector bias = z.bias ? load_masked(m, z.bias + k) : zero();
    const Vector slope = z.slope ? load_masked(m, z.slope + k) : zero();
#pragma GCC unroll 16
    for (int i = 0; i < pixels; ++i) {
      store_sum(z, sum[i][v], bias, slope, full, m, t.out[i / width] + (i % width) * z.pixel_stride + k);
    }
  }
}

// One pixel and two panels, the second `panel` floats after the first; t.count: 1 to 2 kPanel. A pixel alone meets each weight once, as fast as memory
// brings it, and that is faster in two streams; each asks for the beginning of its next panel, a float in each step.
AG_SHARED void direct_two_panels(const Sweep& z, const Tile& t, int64_t panel) {
  constexpr int vectors = 2 * kPanel / kLanes;
  Vector sum[vectors];
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) sum[v] = zero();
  const float* w = t.weights;
  const float* next = w + 2 * panel;
  for (int block = 0; block < z.blocks; ++block) {
    const int channels = block + 1 < z.blocks ? kSlot : z.last;
    for (int tap = 0; tap < z.taps; ++tap) {
      const float* a = t.in[0] + block * z.block_stride + z.offset[tap];
      for (int c = 0; c < channels; ++c, ++a, w += kPanel, ++next) {
        __builtin_prefetch(next, 0, kIntoL2);
        __builtin_prefetch(next + panel, 0, kIntoL2);
        const Vector x = broadcast(a);
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
          const float* from = w + v / 2 * panel + v % 2 * kLanes;
          __builtin_prefetch(from + kAhead * kPanel);
          sum[v] = fma(x, load(from), sum[v]);
        }
      }
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < vectors; ++v) {
    const int left = t.count - v * kLanes, k = t.k + v * kLanes;
    const Mask m = first_lanes(left);
    const Vector bias = z.bias ? load_masked(m, z.bias + k) : zero();
    const Vector slope = z.slope ? load_masked(m, z.slope + k) : zero();
    store_sum(z, sum[v], bias, slope, left >= kLanes, m, t.out[0] + k);
  }
}

using TileFunction = void (*)(const Sweep&, const Tile&);

// direct_tiles(vectors, rows, width): the tile's function.
#define AG_TILES_2(vectors, rows) direct_tile<vectors, rows, 1>, direct_tile<vectors, rows, 2>, direct_tile<vectors, rows, 3>
#define AG_TILES_7(vectors, rows) \
  AG_TILES_2(vectors, rows), direct_tile<vectors, rows, 4>, direct_tile<vectors, rows, 5>, direct_tile<vectors, rows, 6>, \
      direct_tile<vectors, rows, 7>
static const TileFunction kTilesOfOneRow[2][kTileRows] = {
#if defined(__AVX512F__)
    {AG_TILES_7(1, 1), direct_tile<1, 1, 8>, direct_tile<1, 1, 9>, direct_tile<1, 1, 10>, direct_tile<1, 1, 11>, direct_tile<1, 1, 12>,
     direct_tile<1, 1, 13>, direct_tile<1, 1, 14>},
    {AG_TILES_7(2, 1), direct_tile<2, 1, 8>, direct_tile<2, 1, 9>, direct_tile<2, 1, 10>, direct_tile<2, 1, 11>, direct_tile<2, 1, 12>,
     direct_tile<2, 1, 13>, direct_tile<2, 1, 14>},
};
static const TileFunction kTilesOfTwoRows[2][kTileRows / 2] = {{AG_TILES_7(1, 2)}, {AG_TILES_7(2, 2)}};
#else
    {AG_TILES_2(1, 1), direct_tile<1, 1, 4>, direct_tile<1, 1, 5>, direct_tile<1, 1, 6>},
    {AG_TILES_2(2, 1), direct_tile<2, 1, 4>, direct_tile<2, 1, 5>, direct_tile<2, 1, 6>},
};
static const TileFunction kTilesOfTwoRows[2][kTileRows / 2] = {{AG_TILES_2(1, 2)}, {AG_TILES_2(2, 2)}};
#endif
#undef AG_TILES_2
#undef AG_TILES_7

AG_INLINE TileFunction direct_tiles(int vectors, int rows, int width) {
  return rows == 1 ? kTilesOfOneRow[vectors - 1][width - 1] : kTilesOfTwoRows[vectors - 1][width - 1];
}

}  // namespace
