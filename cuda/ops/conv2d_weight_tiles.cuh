// The gradient by weight in tiles of 256 threads: filters x (r,s,c), a depth of output pixels. bf16 by mma.sync, f32 by multiply-adds. Both factors
// have the depth as their slow index, so they lie across in shared memory (strips.cuh); ldmatrix turns bf16.
//
//   block    kRows filters x 128 of (r,s,c) of one piece of the pixels; steps of 64 bytes, 32 or 16 pixels, three stages in shared memory (36 or
//            48 KiB) that cp.async fills two steps ahead, zeros outside the picture. A thread copies the same chunk of channels in every step
//   warp     of bf16: 64 x 32 results (kRows 128) or 32 x 32 (64), by m16n8k16; of f32 (fma_tile.cuh): 32 x 64 and 16 x 64
//   pieces   the pixels are cut so that 512 blocks run, at least 8 steps a piece; f32 sums go to the workspace and a second launch adds them in
//            their order. A function of the shape alone
//   input channels that do not fill chunks of 16 bytes (the first layer's 3): chunks of bf16 are gathered number by number
#pragma once

#include <algorithm>

#include "../device/fma_tile.cuh"
#include "../device/mma_tile.cuh"
#include "conv2d_shape.h"

namespace angulus::cuda {

constexpr int kWeightColumns = 128;

struct WeightGrid {
  int64_t row_tiles, column_tiles, pieces, piece_pixels;
  bool narrow;  // tiles of 64 filters
  int64_t blocks() const { return row_tiles * column_tiles * pieces; }
};

template <class T>
WeightGrid weight_grid(const ag_conv2d_shape& shape) {
  const int64_t width = int64_t{shape.r} * shape.s * shape.c;
  const int64_t pixels = shape.n * output_rows(shape) * output_columns(shape);
  constexpr int64_t kWantedBlocks = 512;
  constexpr int64_t kShortestPiece = 8 * kStripDepth<T>;
  WeightGrid grid = {};
  grid.narrow = shape.k <= 64;
  grid.row_tiles = ceil_div(shape.k, grid.narrow ? 64 : 128);
  grid.column_tiles = ceil_div(width, kWeightColumns);
  const int64_t wanted = std::min(ceil_div(kWantedBlocks, grid.row_tiles * grid.column_tiles), ceil_div(pixels, kShortestPiece));
  grid.piece_pixels = ceil_div(ceil_div(pixels, wanted), kStripDepth<T>) * kStripDepth<T>;
  grid.pieces = ceil_div(pixels, grid.piece_pixels);
  return grid;
}

// An output pixel that moves on by whole steps.
struct OutputPixel {
  int n, p, q;

  __device__ OutputPixel(const Conv2dCall& call, int64_t pixel) {
    q = static_cast<int>(pixel % call.q);
    p = static_cast<int>(pixel / call.q % call.p);
    n = static_cast<int>(pixel / call.q / call.p);
  }
  __device__ void step(const Conv2dCall& call, int pixels) {
    q += pixels;
    while (q >= call.q) {
      q -= call.q;
      if (++p >= call.p) {
        p = 0;
        ++n;
      }
    }
  }
};

// One (r,s,c): what a column of the result multiplies.
struct FilterTap {
  int r, s, c;

  __device__ FilterTap(const ag_conv2d_shape& shape, int64_t column) {
    c = static_cast<int>(column % shape.c);
    s = static_cast<int>(column / shape.c % shape.s);
    r = static_cast<int>(column / shape.c / shape.s);
  }
  // Whether it meets the picture at an output pixel, and where in x.
  __device__ bool at(const Conv2dCall& call, const OutputPixel& pixel, int64_t* offset) const {
    const ag_conv2d_shape& shape = call.plan.shape;
    const int h = pixel.p * shape.stride_h + r - shape.pad_top;
    const int v = pixel.q * shape.stride_w + s - shape.pad_left;
    *offset = ((static_cast<int64_t>(pixel.n) * shape.h + h) * shape.w + v) * shape.c + c;
    return r < shape.r && h >= 0 && h < shape.h && v >= 0 && v < shape.w;
  }
};

template <class T, class Tile, bool kWhole>
__global__ void __launch_bounds__(kStripThreads, 2) conv2d_weight_tiles(Conv2dCall call, WeightGrid grid) {
  AG_DYNAMIC_SHARED(T, stages);
  static_assert(kWhole || std::is_same<T, Bf16>::value, "f32 is not gathered number by number");
  constexpr int kRows = Tile::kRows;
  constexpr int kDepth = kStripDepth<T>;
  const ag_conv2d_shape& shape = call.plan.shape;
  const T* const x = static_cast<const T*>(call.x);
  const T* const dy = static_cast<const T*>(call.y);
  const int64_t width = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  const int64_t first_column = blockIdx.x % grid.column_tiles * kWeightColumns;
  const int first_filter = static_cast<int>(blockIdx.x / grid.column_tiles % grid.row_tiles) * kRows;
  const int64_t piece = blockIdx.x / grid.column_tiles / grid.row_tiles;
  const int64_t first_pixel = piece * grid.piece_pixels;
  const int64_t pixels = min(grid.piece_pixels, static_cast<int64_t>(shape.n) * call.p * call.q - first_pixel);

  // The chunks this thread copies: of one group of filters, and of one group of columns, on levels that lie a fixed distance apart.
  constexpr int kFilterChunks = kRows / kVector<T>;
  constexpr int kColumnChunks = kWeightColumns / kVector<T>;
  constexpr int kFilterLevels = kStripThreads / kFilterChunks;
  constexpr int kColumnLevels = kStripThreads / kColumnChunks;
  constexpr int kCopies = kDepth / kColumnLevels;
  const int filter_chunk = static_cast<int>(threadIdx.x) % kFilterChunks;
  const int filter_level = static_cast<int>(threadIdx.x) / kFilterChunks;
  const int k = first_filter + filter_chunk * kVector<T>;
  const int column_chunk = static_cast<int>(threadIdx.x) % kColumnChunks;
  const int column_level = static_cast<int>(threadIdx.x) / kColumnChunks;
  const int64_t column = first_column + column_chunk * kVector<T>;
  const FilterTap tap(shape, column);
  OutputPixel outputs[kCopies] = {OutputPixel(call, first_pixel + column_level), OutputPixel(call, first_pixel + column_level + kColumnLevels)};

  const auto fetch = [&](int step, T* left, T* right) {
    const int64_t start = static_cast<int64_t>(step) * kDepth;
#pragma unroll
    for (int j = 0; j < kDepth / kFilterLevels; ++j) {
      const int level = filter_level + j * kFilterLevels;
      const bool inside = start + level < pixels && k < shape.k;
      copy_async<16>(left + across<kRows, T>(level, filter_chunk), dy + (inside ? (first_pixel + start + level) * shape.k + k : 0), inside ? 16 : 0);
    }
#pragma unroll
    for (int j = 0; j < kCopies; ++j) {
      const int level = column_level + j * kColumnLevels;
      T* const to = right + across<kWeightColumns, T>(level, column_chunk);
      int64_t offset;
      if constexpr (kWhole) {
        const bool inside = start + level < pixels && tap.at(call, outputs[j], &offset);
        copy_async<16>(to, x + (inside ? offset : 0), inside ? 16 : 0);
      } else {
        uint32_t packed[kChunk / 2] = {};
#pragma unroll
        for (int e = 0; e < kChunk; ++e) {
          if (start + level < pixels && FilterTap(shape, column + e).at(call, outputs[j], &offset)) {
            packed[e / 2] |= static_cast<uint32_t>(x[offset].bits) << (16 * (e % 2));
          }
        }
#pragma unroll
        for (int e = 0; e < kChunk / 2; ++e) {
          reinterpret_cast<uint32_t*>(to)[e] = packed[e];
        }
      }
      outputs[j].step(call, kDepth);
    }
  };
  Tile tile;
  strip_steps<Tile>(static_cast<int>(ceil_div(pixels, kDepth)), stages, fetch,
                         [&](const T* left, const T* right) { tile.multiply_across(left, right); });

  float* const sums = static_cast<float*>(call.workspace) + piece * shape.k * width;
  tile.each([&](int row, int column, float sum) {
    const int64_t filter = first_filter + row;
    const int64_t at = first_column + column;
    if (filter < shape.k && at < width) {
      sums[filter * width + at] = sum;
    }
  });
}

template <class T>
int64_t weight_workspace(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  return weight_grid<T>(s).pieces * s.k * s.r * s.s * s.c * static_cast<int64_t>(sizeof(float));
}

template <class T, int kRows>
using WeightStrips =
    std::conditional_t<std::is_same<T, Bf16>::value, MmaTile<kRows, kWeightColumns>, FmaTile<kRows, kWeightColumns, Lies::kAcross>>;

template <class T, int kRows, bool kWhole>
void launch_weight_tiles(Exec& exec, const Conv2dCall& call, const WeightGrid& grid) {
  using Tile = WeightStrips<T, kRows>;
  AG_LAUNCH(exec, (conv2d_weight_tiles<T, Tile, kWhole>), grid_of(grid.blocks()), kStripThreads, Tile::kSharedBytes, call, grid);
}

// Enqueues the pieces' sums and returns how many there are.
template <class T, bool kWhole>
int64_t launch_weight(Exec& exec, const Conv2dCall& call) {
  const WeightGrid grid = weight_grid<T>(call.plan.shape);
  grid.narrow ? launch_weight_tiles<T, 64, kWhole>(exec, call, grid) : launch_weight_tiles<T, 128, kWhole>(exec, call, grid);
  return grid.pieces;
}

}  // namespace angulus::cuda
