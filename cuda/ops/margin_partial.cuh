// What margin_forward knows of a row after some of its classes, and the launch that merges the class tiles of a row.
#pragma once

#include "margin_classes.cuh"

namespace angulus::cuda {
namespace {

// No class yet: largest = -inf, best = -1.
struct Classes {
  float largest, sum, cosines;
  int32_t best;
  float pulls;  // of a loss that is a sum; only the plain kernel has them
};

__device__ inline Classes no_class() { return {-INFINITY, 0.0f, 0.0f, -1, 0.0f}; }

// A logit that is not a number makes the sum not a number, and so the loss.
__device__ inline void add_class(Classes& row, float logit, float cosine, int32_t index) {
  if (logit > row.largest) {
    row.sum = row.sum * expf(row.largest - logit) + 1.0f;
    row.largest = logit;
    row.best = index;
  } else {
    row.sum += expf(logit - row.largest);
  }
  row.cosines += cosine;
}

// z of a class that is not the target, without its offset, which only losses that are sums have.
template <class H>
__device__ inline float logit_of(const OtherRow& others, float scale, float c) {
  return scale * (H::bent ? other_logit(others, c).t : c);
}

// A class of a loss that is a sum.
__device__ inline void add_term(Classes& row, const OtherRow& others, float logit, float cosine, int32_t index) {
  if (logit > row.largest) {
    row.largest = logit;
    row.best = index;
  }
  row.sum += other_term(others, logit);
  row.pulls += other_pull(others, logit);
  row.cosines += cosine;
}

__device__ inline Classes merge(const Classes& a, const Classes& b) {
  const bool second = b.largest > a.largest || (b.largest == a.largest && static_cast<uint32_t>(b.best) < static_cast<uint32_t>(a.best));
  const float largest = second ? b.largest : a.largest;
  Classes all = {largest, a.sum + b.sum, a.cosines + b.cosines, second ? b.best : a.best, 0.0f};
  if (largest > -INFINITY) {
    all.sum = a.sum * expf(a.largest - largest) + b.sum * expf(b.largest - largest);
  }
  return all;
}

__device__ inline Classes shuffle_xor(const Classes& row, int lanes) {
  return {__shfl_xor_sync(kFullWarp, row.largest, lanes), __shfl_xor_sync(kFullWarp, row.sum, lanes),
          __shfl_xor_sync(kFullWarp, row.cosines, lanes), __shfl_xor_sync(kFullWarp, row.best, lanes), 0.0f};
}

// Over `width` neighbouring lanes; all lanes of the warp call.
__device__ inline Classes warp_merge(Classes row, int width) {
  for (int lanes = width / 2; lanes > 0; lanes /= 2) {
    row = merge(row, shuffle_xor(row, lanes));
  }
  return row;
}

__device__ inline void store(const MarginForwardCall& call, int64_t row, const Classes& all) {
  const int64_t n = call.head.n;
  call.partial[AG_PARTIAL_MAX * n + row] = all.largest;
  call.partial[AG_PARTIAL_SUM * n + row] = all.sum;
  call.partial[AG_PARTIAL_COSINE * n + row] = all.cosines;
  call.partial[AG_PARTIAL_PULL * n + row] = all.pulls;
  call.best[row] = all.best;
}

// What the class tiles know: (tiles, 4, N), three rows of f32 and one of int32.
struct TilePartials {
  float* first;
  int64_t n, tiles;

  static int64_t bytes(int64_t n, int64_t tiles) { return tiles * 4 * n * static_cast<int64_t>(sizeof(float)); }

  __device__ void store(int64_t tile, int64_t row, const Classes& own) const {
    float* const partial = first + tile * 4 * n + row;
    partial[0] = own.largest;
    partial[n] = own.sum;
    partial[2 * n] = own.cosines;
    *reinterpret_cast<int32_t*>(partial + 3 * n) = own.best;
  }

  __device__ Classes load(int64_t tile, int64_t row) const {
    const float* const partial = first + tile * 4 * n + row;
    return {partial[0], partial[n], partial[2 * n], *reinterpret_cast<const int32_t*>(partial + 3 * n), 0.0f};
  }
};

constexpr int kMergeRows = 8;  // of a block, a warp each

__global__ void __launch_bounds__(kMergeRows* kWarpSize) margin_forward_merge(MarginForwardCall call, TilePartials partials) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kMergeRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= call.head.n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  Classes all = no_class();
  for (int64_t tile = lane; tile < partials.tiles; tile += kWarpSize) {
    all = merge(all, partials.load(tile, row));
  }
  all = warp_merge(all, kWarpSize);
  if (lane == 0) {
    store(call, row, all);
  }
}

inline void launch_merge(Exec& exec, const MarginForwardCall& merged, const TilePartials& of) {
  const MarginForwardCall call = merged;
  const TilePartials partials = of;
  AG_LAUNCH(exec, margin_forward_merge, grid_of(ceil_div(call.head.n, kMergeRows)), kMergeRows * kWarpSize, 0, call, partials);
}

}  // namespace
}  // namespace angulus::cuda
