// Statistics of channels from the partial ones of a convolution's tiles: (tiles, 2, columns), mean and sum of squared deviations of `rows` rows
// each, the last tile of what is left. 32 threads of a column merge a stretch of the tiles each, then one merges the stretches, in their
// order (Chan, Golub, LeVeque: "Updating formulae and a pairwise algorithm for computing sample variances", 1979).
#pragma once

#include "../device/reduce.cuh"

namespace angulus::cuda {

struct PartialMoments {
  const float* partial;
  float* statistics;  // (2, columns): mean, biased variance
  int64_t count;      // of all rows
  int64_t rows;       // of a tile
  int columns;
};

constexpr int kMomentStretches = 32;

__global__ void merge_moments_of_tiles(PartialMoments call) {
  AG_DYNAMIC_SHARED(Moments, stretches);  // (kMomentStretches, 32)
  const int column = static_cast<int>(blockIdx.x * 32 + threadIdx.x);
  const int64_t tiles = ceil_div(call.count, call.rows);
  const int64_t length = ceil_div(tiles, kMomentStretches);
  const int64_t end = min((threadIdx.y + 1) * length, tiles);
  Moments own = {0.0f, 0.0f, 0.0f};
  for (int64_t tile = threadIdx.y * length; tile < end && column < call.columns; ++tile) {
    const float* const from = call.partial + tile * 2 * call.columns + column;
    own = merge(own, {static_cast<float>(min(call.rows, call.count - tile * call.rows)), from[0], from[call.columns]});
  }
  stretches[threadIdx.y * 32 + threadIdx.x] = own;
  __syncthreads();  // the first line reads all of its column
  if (threadIdx.y == 0 && column < call.columns) {
    for (int stretch = 1; stretch < kMomentStretches; ++stretch) {
      own = merge(own, stretches[stretch * 32 + threadIdx.x]);
    }
    call.statistics[column] = own.mean;
    call.statistics[call.columns + column] = own.m2 / own.count;
  }
}

inline void merge_moments(Exec& exec, const PartialMoments& call) {
  AG_LAUNCH(exec, merge_moments_of_tiles, grid_of(ceil_div(call.columns, 32)), dim3(32, kMomentStretches), kMomentStretches * 32 * sizeof(Moments), call);
}

}  // namespace angulus::cuda
