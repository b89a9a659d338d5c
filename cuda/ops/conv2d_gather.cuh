// The convolutions forward and by input as one kind of product: results x channels, a depth of taps x source channels, the left factor gathered
// from the source picture and never written. What the kernels that multiply it share: how it is described and cut, what becomes of a result.
//
//   forward    result y, source x: tap (r,s) of pixel (p,q) lies at (p stride_h - pad_top + r, q stride_w - pad_left + s)
//   by input   result dx, source dy. The pixels of dx fall into stride_h stride_w classes by (h + pad_top) mod stride_h and (w + pad_left) mod
//              stride_w; within a class the taps r = class, class + stride_h, ... are those that meet dy, and the i-th of them lies i rows
//              above the first. So no zero between the pixels of dy is ever multiplied.
//   pieces     where a small batch has few tiles the depth is cut into pieces of at least 256, f32 sums go to the workspace and a second launch
//              adds them in their order. A function of the shape alone
//   statistics a pair (mean, M2) for each channel and tile, merged in order by a second launch (merge_moments.cuh)
//
// A tile of results in the registers of its threads (MmaTile, WgmmaTile): sums[i][j][2 half + e] is row row_of(i, half), column column_of(j) + e.
#pragma once

#include <algorithm>

#include "../device/mma_tile.cuh"
#include "conv2d_shape.h"

namespace angulus::cuda {

// One class of one convolution as such a product.
struct Gather {
  const Bf16* source;  // (images, height, width, channels)
  int height, width, channels;
  const Bf16* weights;  // (columns, pitch)
  int64_t pitch;
  int taps_down, taps_across;
  int direction;                                        // +1 or -1: where the next tap lies in the source
  int down, across;                                     // pixels of the class in a picture
  int step_down, step_across, first_down, first_across;  // pixel (i,j)'s first tap lies at (i step_down + first_down, ...)
  int64_t tap, tap_down, tap_across;                    // the weights of tap (i,j) start at (tap + i tap_down + j tap_across) channels
  int64_t result, result_image, result_down, result_across;  // pixel (i,j) of picture n is number result + n result_image + ... of the results
  int images, columns;

  __host__ __device__ int64_t pixels() const { return static_cast<int64_t>(images) * down * across; }
  __host__ __device__ int64_t depth() const { return static_cast<int64_t>(taps_down) * taps_across * channels; }
  // The number of a pixel of the class in the results.
  __device__ int64_t row(int64_t pixel) const {
    const int line = static_cast<int>(pixel) / across;
    return result + line / down * result_image + line % down * result_down + static_cast<int>(pixel) % across * result_across;
  }
};

__host__ __device__ inline int64_t forward_pitch(const ag_conv2d_shape& shape) {
  return ceil_div(static_cast<int64_t>(shape.r) * shape.s * shape.c, kMmaDepth) * kMmaDepth;
}

struct ForwardProduct {
  __host__ __device__ static int classes(const ag_conv2d_shape&) { return 1; }

  __host__ __device__ static Gather gather(const Conv2dCall& call, int) {
    const ag_conv2d_shape& s = call.plan.shape;
    return {static_cast<const Bf16*>(call.x), s.h, s.w, s.c, static_cast<const Bf16*>(call.w), forward_pitch(s), s.r, s.s, 1, call.p, call.q,
            s.stride_h, s.stride_w, -s.pad_top, -s.pad_left, 0, s.s, 1, 0, static_cast<int64_t>(call.p) * call.q, call.q, 1, s.n, s.k};
  }

  __device__ static Bf16* result(const Conv2dCall& call) { return static_cast<Bf16*>(call.y); }
};

struct BackwardInputProduct {
  __host__ __device__ static int classes(const ag_conv2d_shape& s) {
    return min(s.stride_h, s.h) * min(s.stride_w, s.w);  // a class beyond the picture has no pixel
  }

  // One axis: the pixels x with (x + pad) mod stride == class_, and the taps that meet them.
  struct Axis {
    int first, count, source, taps, tap;  // first pixel, how many, where its first tap lies in the source, taps, number of the first
  };
  __host__ __device__ static Axis axis(int size, int filter, int stride, int pad, int first) {
    const int tap = (first + pad) % stride;
    const int taps = tap < filter ? static_cast<int>(ceil_div(filter - tap, stride)) : 0;
    return {first, static_cast<int>(ceil_div(size - first, stride)), (first + pad) / stride, taps, tap};
  }

  __host__ __device__ static Gather gather(const Conv2dCall& call, int part) {
    const ag_conv2d_shape& s = call.plan.shape;
    const int parts_across = min(s.stride_w, s.w);
    const Axis down = axis(s.h, s.r, s.stride_h, s.pad_top, part / parts_across);
    const Axis across = axis(s.w, s.s, s.stride_w, s.pad_left, part % parts_across);
    return {static_cast<const Bf16*>(call.y), call.p, call.q, s.k, static_cast<const Bf16*>(call.w), static_cast<int64_t>(s.r) * s.s * s.k,
            down.taps, across.taps, -1, down.count, across.count, 1, 1, down.source, across.source,
            static_cast<int64_t>(down.tap) * s.s + across.tap, static_cast<int64_t>(s.stride_h) * s.s, s.stride_w, static_cast<int64_t>(down.first) * s.w + across.first, static_cast<int64_t>(s.h) * s.w,
            static_cast<int64_t>(s.stride_h) * s.w, s.stride_w, s.n, s.c};
  }

  __device__ static Bf16* result(const Conv2dCall& call) { return static_cast<Bf16*>(call.x); }
};

// How a product is cut: all classes alike, by the largest.
struct GatherGrid {
  int64_t row_tiles, column_tiles, classes, pieces, piece_steps;
  int64_t blocks() const { return row_tiles * column_tiles * classes * pieces; }
};

// A tile's extents, and the depth of a step.
struct GatherTile {
  int rows, columns, depth;
};

template <class Product>
GatherGrid gather_grid(const Conv2dCall& call, const GatherTile& tile) {
  GatherGrid grid = {0, 0, Product::classes(call.plan.shape), 1, 0};
  int64_t steps = 0;
  for (int part = 0; part < grid.classes; ++part) {
    const Gather gather = Product::gather(call, part);
    grid.row_tiles = std::max(grid.row_tiles, ceil_div(gather.pixels(), tile.rows));
    grid.column_tiles = ceil_div(gather.columns, tile.columns);
    steps = std::max(steps, ceil_div(gather.depth(), tile.depth));
  }
  constexpr int64_t kWantedBlocks = 128;
  constexpr int64_t kShortestPiece = 256;
  if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) == 0) {
    grid.pieces = std::max(int64_t{1}, std::min(ceil_div(kWantedBlocks, grid.blocks()), steps * tile.depth / kShortestPiece));
  }
  grid.piece_steps = ceil_div(steps, grid.pieces);
  return grid;
}

// Two results of one row at channels k and k + 1.
__device__ inline void finish_pair(const Conv2dCall& call, int64_t index, int k, float (&value)[2]) {
#pragma unroll
  for (int e = 0; e < 2; ++e) {
    if ((call.plan.epilogue & AG_EPILOGUE_BIAS) != 0) {
      value[e] += call.bias[k + e];
    }
    if ((call.plan.epilogue & AG_EPILOGUE_PRELU) != 0) {
      value[e] = value[e] > 0.0f ? value[e] : call.slope[k + e] * value[e];
    }
    if ((call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0) {
      value[e] += to_float(static_cast<const Bf16*>(call.residual)[index + e]);  // may be the result: this thread reads what it then writes
    }
  }
}

// A tile's results, or their sums over a piece of the depth, to where they belong.
template <class Product, class Tile>
__device__ void store_results(const Tile& tile, const Conv2dCall& call, const GatherGrid& grid, const Gather& gather, int64_t first_pixel,
                              int first_column, int64_t piece) {
  Bf16* const result = Product::result(call);
  float* const sums = static_cast<float*>(call.workspace);
  const int64_t results = static_cast<int64_t>(gather.images) * gather.result_image;
#pragma unroll
  for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t pixel = first_pixel + tile.row_of(i, half);
      if (pixel >= gather.pixels()) {
        continue;
      }
      const int64_t row = gather.row(pixel);
#pragma unroll
      for (int j = 0; j < Tile::kColumnParts; ++j) {
        const int k = first_column + tile.column_of(j);
        if (k >= gather.columns) {
          continue;
        }
        const int64_t index = row * gather.columns + k;
        float value[2] = {tile.sums[i][j][2 * half], tile.sums[i][j][2 * half + 1]};
        if (grid.pieces > 1) {
          float* const to = sums + piece * results * gather.columns + index;
          to[0] = value[0];
          to[1] = value[1];
        } else {
          finish_pair(call, index, k, value);
          store_pair(result + index, value);
        }
      }
    }
  }
}

// What store_moments needs of shared memory: (2, kWarpsDown, kColumns), the sums of each warp's rows, then of their squared deviations.
template <class Tile>
constexpr int kMomentFloats = 2 * Tile::kWarpsDown * Tile::kColumns;

// Mean and sum of squared deviations of each channel over the tile's pixels, of the results as they were stored: (row tile, 2, columns).
template <class Tile>
__device__ void store_moments(const Tile& tile, const Gather& gather, int64_t first_pixel, int first_column, float* shared, float* partial) {
  const int count = static_cast<int>(min(static_cast<int64_t>(Tile::kRows), gather.pixels() - first_pixel));
  const int warp_down = tile.row / Tile::kWarpRows;
  const auto of_warps = [&](int pass, int column) {
    float sum = 0.0f;
    for (int warp = 0; warp < Tile::kWarpsDown; ++warp) {
      sum += shared[(pass * Tile::kWarpsDown + warp) * Tile::kColumns + column];
    }
    return pass == 0 ? sum / static_cast<float>(count) : sum;
  };
#pragma unroll
  for (int pass = 0; pass < 2; ++pass) {
#pragma unroll
    for (int j = 0; j < Tile::kColumnParts; ++j) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int column = tile.column_of(j) + e;
        const float mean = pass == 0 ? 0.0f : of_warps(0, column);
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const float value = to_float(to_bf16(tile.sums[i][j][2 * half + e])) - mean;
            sum += tile.row_of(i, half) < count ? (pass == 0 ? value : value * value) : 0.0f;
          }
        }
        for (int lanes = 4; lanes < 32; lanes *= 2) {
          sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
        }
        if (tile.lane < 4) {
          shared[(pass * Tile::kWarpsDown + warp_down) * Tile::kColumns + column] = sum;
        }
      }
    }
    tile.sync();  // the sums of all warps stand
  }
  for (int column = tile.thread(); column < Tile::kColumns && first_column + column < gather.columns; column += Tile::kThreads) {
    partial[first_column + column] = of_warps(0, column);
    partial[gather.columns + first_column + column] = of_warps(1, column);
  }
  tile.sync();  // all have read: the next tile overwrites
}

// The pieces' sums in their order, then the epilogue. One thread, two channels.
template <class Product>
__global__ void conv2d_gather_add_pieces(Conv2dCall call, int64_t pieces, int64_t elements, int columns) {
  const int64_t index = (static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x) * 2;
  if (index >= elements) {
    return;
  }
  const float* const sums = static_cast<const float*>(call.workspace) + index;
  float value[2] = {};
  for (int64_t piece = 0; piece < pieces; ++piece) {
    value[0] += sums[piece * elements];
    value[1] += sums[piece * elements + 1];
  }
  finish_pair(call, index, static_cast<int>(index % columns), value);
  store_pair(Product::result(call) + index, value);
}

// The call as far as a plan knows it.
inline Conv2dCall call_of(const ag_conv2d_plan& plan) {
  Conv2dCall call = {};
  call.plan = plan;
  call.p = static_cast<int32_t>(output_rows(plan.shape));
  call.q = static_cast<int32_t>(output_columns(plan.shape));
  return call;
}

// moment_rows: of the tiles that statistics are taken of.
template <class Product>
int64_t gather_workspace(const ag_conv2d_plan& plan, const GatherTile& tile, int moment_rows) {
  const Conv2dCall call = call_of(plan);
  const GatherGrid grid = gather_grid<Product>(call, tile);
  const Gather gather = Product::gather(call, 0);
  int64_t numbers = 0;
  if ((plan.epilogue & AG_EPILOGUE_STATISTICS) != 0) {
    numbers = ceil_div(gather.pixels(), moment_rows) * 2 * gather.columns;
  } else if (grid.pieces > 1) {
    numbers = grid.pieces * gather.images * gather.result_image * gather.columns;
  }
  return numbers * static_cast<int64_t>(sizeof(float));
}

template <class Product>
void add_pieces(Exec& exec, const Conv2dCall& call, const GatherGrid& grid) {
  if (grid.pieces > 1) {
    const Gather gather = Product::gather(call, 0);
    const int64_t elements = gather.images * gather.result_image * gather.columns;
    AG_LAUNCH(exec, (conv2d_gather_add_pieces<Product>), grid_of(ceil_div(elements / 2, 256)), 256, 0, call, grid.pieces, elements, gather.columns);
  }
}

}  // namespace angulus::cuda
