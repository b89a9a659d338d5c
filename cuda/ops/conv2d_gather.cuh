// The convolutions forward and by input as one kind of product: results x channels, a depth of taps x source channels, the left factor gathered
// from the source picture and never written. What the kernels that multiply it share: how it is described and cut, what becomes of a result.
//
//   forward    result y, source x: tap (r,s) of pixel (p,q) lies at (p stride_h - pad_top + r, q stride_w - pad_left + s)
//   by input   result dx, source dy. The pixels of dx fall into stride_h stride_w classes by (h + pad_top) mod stride_h and (w + pad_left) mod
//              stride_w; within a class the taps r = class, class + stride_h, ... are those that meet dy, and the i-th of them lies i rows
//              above the first. So no zero between the pixels of dy is ever multiplied.
//   pieces     where a small batch has few tiles the depth is cut into pieces of at least 256 (bf16) or 128 (f32), f32 sums go to the workspace
//              and a second launch adds them in their order. A function of the shape alone
//   statistics a pair (mean, M2) for each channel and tile, merged in order by a second launch (merge_moments.cuh)
//
// A tile of results in the registers of its threads (MmaTile, WgmmaTile; FmaTile has another): sums[i][j][2 half + e] is row row_of(i, half),
// column column_of(j) + e.
#pragma once

#include <algorithm>

#include "../device/fma_tile.cuh"
#include "../device/mma_tile.cuh"
#include "conv2d_shape.h"

namespace angulus::cuda {

// One class of one convolution as such a product of numbers of one type.
struct Gather {
  const void* source;  // (images, height, width, channels)
  int height, width, channels;
  const void* weights;  // (columns, pitch)
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

// Of the filters: bf16 in the form that conv2d_forward.cu prepares, f32 as they are.
template <class T>
__host__ __device__ inline int64_t forward_pitch(const ag_conv2d_shape& shape) {
  const int64_t depth = static_cast<int64_t>(shape.r) * shape.s * shape.c;
  return std::is_same<T, Bf16>::value ? ceil_div(depth, kMmaDepth) * kMmaDepth : depth;
}

template <class T>
struct ForwardProduct {
  using Number = T;

  __host__ __device__ static int classes(const ag_conv2d_shape&) { return 1; }

  __host__ __device__ static Gather gather(const Conv2dCall& call, int) {
    const ag_conv2d_shape& s = call.plan.shape;
    return {call.x, s.h, s.w, s.c, call.w, forward_pitch<T>(s), s.r, s.s, 1, call.p, call.q,
            s.stride_h, s.stride_w, -s.pad_top, -s.pad_left, 0, s.s, 1, 0, static_cast<int64_t>(call.p) * call.q, call.q, 1, s.n, s.k};
  }

  __device__ static T* result(const Conv2dCall& call) { return static_cast<T*>(call.y); }
};

// Its weights are prepared (C,R,S,K).
template <class T>
struct BackwardInputProduct {
  using Number = T;

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
    return {call.y, call.p, call.q, s.k, call.w, static_cast<int64_t>(s.r) * s.s * s.k,
            down.taps, across.taps, -1, down.count, across.count, 1, 1, down.source, across.source,
            static_cast<int64_t>(down.tap) * s.s + across.tap, static_cast<int64_t>(s.stride_h) * s.s, s.stride_w, static_cast<int64_t>(down.first) * s.w + across.first, static_cast<int64_t>(s.h) * s.w,
            static_cast<int64_t>(s.stride_h) * s.w, s.stride_w, s.n, s.c};
  }

  __device__ static T* result(const Conv2dCall& call) { return static_cast<T*>(call.x); }
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
  constexpr int64_t kShortestPiece = 8 * kStripDepth<typename Product::Number>;
  if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) == 0) {
    grid.pieces = std::max(int64_t{1}, std::min(ceil_div(kWantedBlocks, grid.blocks()), steps * tile.depth / kShortestPiece));
  }
  grid.piece_steps = ceil_div(steps, grid.pieces);
  return grid;
}

// A result at channel k, and what stands at its place in the residual.
__device__ inline float finish(const Conv2dCall& call, int k, float value, float residual) {
  if ((call.plan.epilogue & AG_EPILOGUE_BIAS) != 0) {
    value += call.bias[k];
  }
  if ((call.plan.epilogue & AG_EPILOGUE_PRELU) != 0) {
    value = value > 0.0f ? value : call.slope[k] * value;
  }
  if ((call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0) {
    value += residual;
  }
  return value;
}

// Two neighbours of one row, from channel k on.
__device__ inline uint32_t finish_pair(const Conv2dCall& call, int k, float (&value)[2], uint32_t residual) {
  float added[2];
  unpack_pair(residual, added);
#pragma unroll
  for (int e = 0; e < 2; ++e) {
    value[e] = finish(call, k + e, value[e], added[e]);
  }
  return pack_pair(value);
}

// words[j] of lane t of four goes to words[t] of lane j.
__device__ inline void transpose_quad(uint32_t (&words)[4], int lane) {
#pragma unroll
  for (int bit = 1; bit < 4; bit *= 2) {
    const bool upper = (lane & bit) != 0;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      if ((j & bit) == 0) {
        const uint32_t came = __shfl_xor_sync(0xffffffffu, upper ? words[j] : words[j + bit], bit);
        words[j] = upper ? came : words[j];
        words[j + bit] = upper ? words[j + bit] : came;
      }
    }
  }
}

// Where the sums of a piece of the depth begin: (pieces, results, columns).
__device__ inline float* piece_sums(const Conv2dCall& call, const Gather& gather, int64_t piece) {
  return static_cast<float*>(call.workspace) + piece * gather.images * gather.result_image * gather.columns;
}

// A tile's sums over a piece of the depth.
template <class Tile>
__device__ void store_sums(const Tile& tile, const Gather& gather, int64_t first_pixel, int first_column, float* sums) {
#pragma unroll
  for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t pixel = first_pixel + tile.row_of(i, half);
      if (pixel >= gather.pixels()) {
        continue;
      }
      float* const to = sums + gather.row(pixel) * gather.columns;
#pragma unroll
      for (int j = 0; j < Tile::kColumnParts; ++j) {
        const int k = first_column + tile.column_of(j);
        if (k < gather.columns) {
          to[k] = tile.sums[i][j][2 * half];
          to[k + 1] = tile.sums[i][j][2 * half + 1];
        }
      }
    }
  }
}

// A tile's results. Four lanes hold two of each eight channels of a row; they turn them among themselves, so that each reads the residual
// and writes the results 16 bytes at a time. The residual may be the result: a thread reads what it then writes. All lanes call.
template <class Tile>
__device__ void store_results(const Tile& tile, const Conv2dCall& call, const Gather& gather, int64_t first_pixel, int first_column, Bf16* result) {
  const Bf16* const residual = static_cast<const Bf16*>(call.residual);
  const int quad_lane = tile.lane % 4;
#pragma unroll
  for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t pixel = first_pixel + tile.row_of(i, half);
      const int64_t row = pixel < gather.pixels() ? gather.row(pixel) * gather.columns : 0;
#pragma unroll
      for (int first = 0; first < Tile::kColumnParts; first += 4) {
        const int own = first_column + tile.column_of(first) + 6 * quad_lane;  // the first of eight channels
        const bool inside = pixel < gather.pixels() && own < gather.columns;
        uint32_t words[4] = {};
        if ((call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0) {
          if (inside) {
            const float4 bytes = *reinterpret_cast<const float4*>(residual + row + own);
            memcpy(words, &bytes, sizeof words);
          }
          transpose_quad(words, quad_lane);
        }
#pragma unroll
        for (int j = 0; j < 4; ++j) {
          const int k = first_column + tile.column_of(first + j);
          float value[2] = {tile.sums[i][first + j][2 * half], tile.sums[i][first + j][2 * half + 1]};
          words[j] = k < gather.columns ? finish_pair(call, k, value, words[j]) : 0;
        }
        transpose_quad(words, quad_lane);
        if (inside) {
          float4 bytes;
          memcpy(&bytes, words, sizeof words);
          *reinterpret_cast<float4*>(result + row + own) = bytes;
        }
      }
    }
  }
}

// What store_moments needs of shared memory: (kWarpsDown + 1, kColumns), the sums over each warp's rows, and the means.
template <class Tile>
constexpr int kMomentFloats = (Tile::kWarpsDown + 1) * Tile::kColumns;

// Sums of eight values over the lanes 4 g + t of each t: that of values[g] in lane 4 g + t.
__device__ inline float sum_over_rows(float (&values)[8], int lane) {
#pragma unroll
  for (int half = 4; half > 0; half /= 2) {
    const bool upper = (lane & 4 * half) != 0;
#pragma unroll
    for (int i = 0; i < half; ++i) {
      const float came = __shfl_xor_sync(0xffffffffu, upper ? values[i] : values[i + half], 4 * half);
      values[i] = (upper ? values[i + half] : values[i]) + came;
    }
  }
  return values[0];
}

// Mean and sum of squared deviations of each channel over the tile's pixels, of the results as they were stored: (row tile, 2, columns).
template <class Tile>
__device__ void store_moments(const Tile& tile, const Gather& gather, int64_t first_pixel, int first_column, float* shared, float* partial) {
  const int count = static_cast<int>(min(static_cast<int64_t>(Tile::kRows), gather.pixels() - first_pixel));
  float* const own = shared + tile.row / Tile::kWarpRows * Tile::kColumns;
  float* const means = shared + Tile::kWarpsDown * Tile::kColumns;
#pragma unroll
  for (int pass = 0; pass < 2; ++pass) {
#pragma unroll
    for (int first = 0; first < Tile::kColumnParts; first += 4) {
      float values[8];
#pragma unroll
      for (int v = 0; v < 8; ++v) {
        const int j = first + v / 2, e = v % 2;
        const float mean = pass == 0 ? 0.0f : means[tile.column_of(j) + e];
        values[v] = 0.0f;
#pragma unroll
        for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const float value = to_float(to_bf16(tile.sums[i][j][2 * half + e])) - mean;
            values[v] += tile.row_of(i, half) < count ? (pass == 0 ? value : value * value) : 0.0f;
          }
        }
      }
      own[tile.column_of(first + tile.lane / 8) + tile.lane / 4 % 2] = sum_over_rows(values, tile.lane);
    }
    tile.sync();  // the sums of all warps stand
    for (int column = tile.thread(); column < Tile::kColumns; column += Tile::kThreads) {
      float moment = 0.0f;
      for (int warp = 0; warp < Tile::kWarpsDown; ++warp) {
        moment += shared[warp * Tile::kColumns + column];
      }
      if (pass == 0) {
        moment /= static_cast<float>(count);
        means[column] = moment;
      }
      if (first_column + column < gather.columns) {
        partial[pass * gather.columns + first_column + column] = moment;
      }
    }
    tile.sync();  // the means stand, and all have read the sums
  }
}

// The pieces' sums in their order, then the epilogue. One thread, one result.
template <class Product>
__global__ void conv2d_gather_add_pieces(Conv2dCall call, int64_t pieces, int64_t elements, int columns) {
  const int64_t index = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index >= elements) {
    return;
  }
  const float* const sums = static_cast<const float*>(call.workspace) + index;
  float value = 0.0f;
  for (int64_t piece = 0; piece < pieces; ++piece) {
    value += sums[piece * elements];
  }
  using T = typename Product::Number;
  const bool adds = (call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0;
  const float residual = adds ? to_float(static_cast<const T*>(call.residual)[index]) : 0.0f;
  store(Product::result(call) + index, finish(call, static_cast<int>(index % columns), value, residual));
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
    AG_LAUNCH(exec, (conv2d_gather_add_pieces<Product>), grid_of(ceil_div(elements, 256)), 256, 0, call, grid.pieces, elements, gather.columns);
  }
}

}  // namespace angulus::cuda
