// From activations to Winograd's points: tiles of `pixels` x `pixels` pixels, `side` apart, to reach x reach points, each channel on its own. As many
// pixels as points: applies B (inputs of a correlation); pixels = side: applies A (gradients of its outputs). Pixels outside count as 0. Bound by L2.
#pragma once

#include "winograd_transform.h"

namespace {

// Tiles are counted by (image, row, column).
struct TileSource {
  const float* in;          // (N,H,W,C)
  int h, w, c;
  int pad_top, pad_left;    // the first tile begins at (-pad_top, -pad_left)
  int rows, columns;        // tiles of an image
};

alignas(64) static const float kZeros[kSlot] = {};

template <int pixels, int reach>
AG_INLINE void transform_line(const Vector d[pixels], Vector v[reach]) {
  if constexpr (pixels == reach) {
    transform_inputs<reach>(d, v);
  } else {
    transform_gradients<pixels>(d, v);
  }
}

// `channels` channels of one tile. from: its pixels; to: point p at to + p * stride, whole vectors.
template <int pixels, int reach>
static void transform_tile(const float* const from[pixels * pixels], int channels, float* to, int64_t stride) {
  for (int c = 0; c < channels; c += kLanes) {
    const bool full = channels - c >= kLanes;
    const Mask m = first_lanes(channels - c);
    Vector half[reach][pixels];
#pragma GCC unroll 6
    for (int j = 0; j < pixels; ++j) {
      Vector d[pixels], v[reach];
#pragma GCC unroll 6
      for (int i = 0; i < pixels; ++i) {
        const float* p = from[i * pixels + j] + c;
        d[i] = full ? load(p) : load_masked(m, p);
      }
      transform_line<pixels, reach>(d, v);
#pragma GCC unroll 6
      for (int i = 0; i < reach; ++i) half[i][j] = v[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < reach; ++i) {
      Vector v[reach];
      transform_line<pixels, reach>(half[i], v);
#pragma GCC unroll 6
      for (int j = 0; j < reach; ++j) store(to + (i * reach + j) * stride + c, v[j]);
    }
  }
}

// Tiles [first, first + count) as [point][C block][tile][kSlot]: floats between points and between C blocks are given.
template <int side, int pixels, int reach>
static void transform_tiles(const TileSource& z, int64_t first, int64_t count, float* to, int64_t point_stride, int64_t block_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t tile = first + i, image = tile / (z.rows * z.columns);
    const int top = int(tile / z.columns % z.rows) * side - z.pad_top, left = int(tile % z.columns) * side - z.pad_left;
    for (int c0 = 0; c0 < z.c; c0 += kSlot) {
      const float* from[pixels * pixels];
      for (int r = 0; r < pixels; ++r) {
        for (int s = 0; s < pixels; ++s) {
          const int row = top + r, column = left + s;
          const bool inside = row >= 0 && row < z.h && column >= 0 && column < z.w;
          from[r * pixels + s] = inside ? z.in + ((image * z.h + row) * z.w + column) * z.c + c0 : kZeros;
        }
      }
      transform_tile<pixels, reach>(from, int(at_most(kSlot, z.c - c0)), to + c0 / kSlot * block_stride + i * kSlot, point_stride);
    }
  }
}

}  // namespace
