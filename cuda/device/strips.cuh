// The factors of a block's matrix product in shared memory, for the tiles of mma_tile.cuh (bf16) and fma_tile.cuh (f32). A step is 64 bytes of the
// depth: 32 numbers of bf16, 16 of f32. Each factor's share of it is a strip that copies of 16 bytes, a chunk, fill:
//
//   along    the depth is contiguous in memory: strip (lines, depth). A line is a row of the left factor or a column of the right one
//   across   the depth is the slow index: strip (depth, lines)
//
// Chunks are permuted within a strip so that the 8 lines that are read at a time, by ldmatrix or by 8 lanes, lie in different banks, in both
// forms. A strip across of f32 needs no permutation: lanes read neighbouring chunks of one level.
#pragma once

#include "async_copy.cuh"
#include "storage.cuh"

namespace angulus::cuda {

constexpr int kStripThreads = 256;
constexpr int kStripStages = 3;
template <class T>
constexpr int kStripDepth = 64 / static_cast<int>(sizeof(T));

// Index of a chunk's first number in its strip.
template <class T = Bf16>
__device__ inline int along(int line, int chunk) {
  return (line * (kStripDepth<T> / kVector<T>) + (chunk ^ (line >> 1 & 3))) * kVector<T>;
}
template <int kLines, class T = Bf16>
__device__ inline int across(int level, int chunk) {
  const int place = std::is_same<T, Bf16>::value ? chunk ^ (level & 7) : chunk;
  return (level * (kLines / kVector<T>) + place) * kVector<T>;
}

// The steps [0, steps) of a tile. fetch(step, left, right) starts the copies of a step into its stage; multiply(left, right) uses them. Two
// steps are on their way while one is multiplied.
template <class Tile, class Fetch, class Multiply>
__device__ void strip_steps(int steps, typename Tile::Number* stages, const Fetch& fetch, const Multiply& multiply) {
  constexpr int kRightStrip = Tile::kRows * kStripDepth<typename Tile::Number>;  // where it begins in a stage
  const auto left = [&](int step) { return stages + step % kStripStages * Tile::kStageNumbers; };
  for (int step = 0; step < kStripStages - 1; ++step) {
    if (step < steps) {
      fetch(step, left(step), left(step) + kRightStrip);
    }
    copy_async_commit();
  }
  for (int step = 0; step < steps; ++step) {
    copy_async_wait<kStripStages - 2>();
    __syncthreads();  // the step has arrived for all, and all are done with the stage that is fetched into next
    const int ahead = step + kStripStages - 1;
    if (ahead < steps) {
      fetch(ahead, left(ahead), left(ahead) + kRightStrip);
    }
    copy_async_commit();
    multiply(left(step), left(step) + kRightStrip);
  }
}

}  // namespace angulus::cuda
