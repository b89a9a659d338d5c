// The product of two strips in shared memory, the heart of every tiled kernel here: 256 threads, 64 x 64 results, 16 of the depth at a
// time.
//
//   rows     (kDepth, kPitch)  rows[d * kPitch + i]:    element (i, d) of the left factor
//   columns  (kDepth, kPitch)  columns[d * kPitch + j]: element (d, j) of the right factor
//
// Thread t = 16 ty + tx holds the results of rows 4 ty + i and columns tx + 16 j (i, j < 4): for one i neighbouring threads store
// neighbouring columns, so stores coalesce for any width. A step of the depth reads 4 rows as one vector (a broadcast in the half-warp) and
// 4 columns without bank conflict, for 16 multiply-adds.
#pragma once

#include "launch.cuh"

namespace angulus::cuda {

constexpr int kTile = 64;
constexpr int kDepth = 16;
constexpr int kTileThreads = 256;
constexpr int kPitch = kTile + 4;  // a multiple of 4 keeps vectors aligned; the shift spreads 16 depths of one row over the banks
constexpr int kStripFloats = kDepth * kPitch;
constexpr int64_t kTileSharedBytes = 2 * kStripFloats * sizeof(float);

struct TileThread {
  int row, column;    // first result: 4 ty, tx
  int depth, line;    // strips read along the depth: depth t % 16, lines t / 16 + 16 j
  int across, level;  // strips read across the depth: line t % 64, depths t / 64 + 4 j
};

__device__ inline TileThread tile_thread() {
  const int t = static_cast<int>(threadIdx.x);
  return {t / 16 * 4, t % 16, t % kDepth, t / kDepth, t % kTile, t / kTile};
}

__device__ inline void multiply_strips(const float* rows, const float* columns, const TileThread& self, float (&sums)[4][4]) {
#pragma unroll
  for (int d = 0; d < kDepth; ++d) {
    const float4 a = *reinterpret_cast<const float4*>(rows + d * kPitch + self.row);
    const float left[4] = {a.x, a.y, a.z, a.w};
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float b = columns[d * kPitch + self.column + 16 * j];
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        sums[i][j] += left[i] * b;
      }
    }
  }
}

}  // namespace angulus::cuda
