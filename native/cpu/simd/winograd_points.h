// From activations to Winograd's 36 points: tiles of `reach` x `reach` pixels, `side` apart, each channel on its own. reach 6 applies B (inputs of a
// correlation), reach = side applies A (gradients of its outputs). Pixels outside count as 0. Bound by L2.
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

template <int reach>
AG_INLINE void transform_line(const Vector d[reach], Vector v[kReach]) {
  if constexpr (reach == kReach) {
    transform_inputs(d, v);
  } else {
    transform_gradients<reach>(d, v);
  }
}

// `channels` channels of one tile. from: its pixels; to: point p at to + p * stride, whole vectors.
template <int reach>
static void transform_tile(const float* const from[reach * reach], int channels, float* to, int64_t stride) {
  for (int c = 0; c < channels; c += kLanes) {
    const bool full = channels - c >= kLanes;
    const Mask m = first_lanes(channels - c);
    Vector half[kReach][reach];
#pragma GCC unroll 6
    for (int j = 0; j < reach; ++j) {
      Vector d[reach], v[kReach];
#pragma GCC unroll 6
      for (int i = 0; i < reach; ++i) {
        const float* p = from[i * reach + j] + c;
        d[i] = full ? load(p) : load_masked(m, p);
      }
      transform_line<reach>(d, v);
#pragma GCC unroll 6
      for (int i = 0; i < kReach; ++i) half[i][j] = v[i];
    }
#pragma GCC unroll 6
    for (int i = 0; i < kReach; ++i) {
      Vector v[kReach];
      transform_line<reach>(half[i], v);
#pragma GCC unroll 6
      for (int j = 0; j < kReach; ++j) store(to + (i * kReach + j) * stride + c, v[j]);
    }
  }
}

// Tiles [first, first + count) as [point][C block][tile][kSlot]: floats between points and between C blocks are given.
template <int side, int reach>
static void transform_tiles(const TileSource& z, int64_t first, int64_t count, float* to, int64_t point_stride, int64_t block_stride) {
  for (int64_t i = 0; i < count; ++i) {
    const int64_t tile = first + i, image = tile / (z.rows * z.columns);
    const int top = int(tile / z.columns % z.rows) * side - z.pad_top, left = int(tile % z.columns) * side - z.pad_left;
    for (int c0 = 0; c0 < z.c; c0 += kSlot) {
      const float* from[reach * reach];
      for (int r = 0; r < reach; ++r) {
        for (int s = 0; s < reach; ++s) {
          const int row = top + r, column = left + s;
          const bool inside = row >= 0 && row < z.h && column >= 0 && column < z.w;
          from[r * reach + s] = inside ? z.in + ((image * z.h + row) * z.w + column) * z.c + c0 : kZeros;
        }
      }
      transform_tile<reach>(from, int(at_most(kSlot, z.c - c0)), to + c0 / kSlot * block_stride + i * kSlot, point_stride);
    }
  }
}

}  // namespace
