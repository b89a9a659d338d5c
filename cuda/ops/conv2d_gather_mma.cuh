// The convolutions forward and by input as one kind of product on tensor cores: results x channels, a depth of taps x source channels, the
// left factor gathered from the source picture and never written.
//
//   forward    result y, source x: tap (r,s) of pixel (p,q) lies at (p stride_h - pad_top + r, q stride_w - pad_left + s)
//   by input   result dx, source dy. The pixels of dx fall into stride_h stride_w classes by (h + pad_top) mod stride_h and (w + pad_left) mod
//              stride_w; within a class the taps r = class, class + stride_h, ... are those that meet dy, and the i-th of them lies i rows
//              above the first. So no zero between the pixels of dy is ever multiplied.
//
//   block    256 threads, 128 pixels of one class x kColumns channels; steps of 32 along (tap, channel), three stages in shared memory (48 or
//            36 KiB) that cp.async fills two steps ahead, zeros outside the picture
//   warp     kColumns 128: 64 x 32 results, 64: 32 x 32, by m16n8k16
//   pieces   where a small batch has few tiles the depth is cut into pieces of at least 8 steps, f32 sums go to the workspace and a second launch
//            adds them in their order. A function of the shape alone
//   source channels that are no multiple of 8 (the first layer's 3): chunks are gathered number by number, the weights are prepared
//            with the depth padded to whole steps
#pragma once

#include <algorithm>

#include "../device/mma_tile.cuh"
#include "conv2d_shape.h"

namespace angulus::cuda {

constexpr int kGatherRows = 128;

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
  bool narrow;  // tiles of 64 channels: one of 128 would be half empty
  int64_t blocks() const { return row_tiles * column_tiles * classes * pieces; }
};

template <class Product>
GatherGrid gather_grid(const Conv2dCall& call) {
  GatherGrid grid = {0, 0, Product::classes(call.plan.shape), 1, 0, false};
  int64_t steps = 0;
  for (int part = 0; part < grid.classes; ++part) {
    const Gather gather = Product::gather(call, part);
    grid.narrow = gather.columns <= 64;
    grid.row_tiles = std::max(grid.row_tiles, ceil_div(gather.pixels(), kGatherRows));
    grid.column_tiles = ceil_div(gather.columns, grid.narrow ? 64 : 128);
    steps = std::max(steps, ceil_div(gather.depth(), kMmaDepth));
  }
  constexpr int64_t kWantedBlocks = 128;
  constexpr int64_t kShortestPiece = 8;
  if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) == 0) {
    grid.pieces = std::max(int64_t{1}, std::min(ceil_div(kWantedBlocks, grid.blocks()), steps / kShortestPiece));
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

// A position in the depth that moves on by whole steps.
struct Tap {
  int down, across, channel;

  __device__ Tap(const Gather& gather, int64_t depth) {
    const int64_t tap = depth / gather.channels;
    channel = static_cast<int>(depth % gather.channels);
    down = gather.taps_across == 0 ? gather.taps_down : static_cast<int>(tap / gather.taps_across);
    across = gather.taps_across == 0 ? 0 : static_cast<int>(tap % gather.taps_across);
  }
  __device__ void step(const Gather& gather) {
    channel += kMmaDepth;
    while (channel >= gather.channels) {
      channel -= gather.channels;
      if (++across >= gather.taps_across) {
        across = 0;
        ++down;
      }
    }
  }
};

// A line of the left factor: a pixel's windows.
struct Window {
  const Bf16* picture;
  int top, left;

  __device__ Window(const Gather& gather, int64_t pixel) {
    const int j = static_cast<int>(pixel % gather.across);
    const int i = static_cast<int>(pixel / gather.across % gather.down);
    const int64_t n = pixel / gather.across / gather.down;
    const bool inside = pixel < gather.pixels();
    picture = gather.source + (inside ? n : 0) * gather.height * gather.width * gather.channels;
    top = inside ? i * gather.step_down + gather.first_down : -(1 << 30);  // past the end: outside of every picture
    left = j * gather.step_across + gather.first_across;
  }
  // Whether the tap lies in the picture, and where in it.
  __device__ bool at(const Gather& gather, int down, int across, int channel, int64_t* offset) const {
    const int h = top + gather.direction * down;
    const int v = left + gather.direction * across;
    *offset = (static_cast<int64_t>(h) * gather.width + v) * gather.channels + channel;
    return h >= 0 && h < gather.height && v >= 0 && v < gather.width;
  }
};

// Starts the copy of a chunk of the left factor.
template <bool kWhole>
__device__ inline void fetch_window(const Gather& gather, const Window& window, const Tap& tap, Bf16* to) {
  int64_t offset;
  if constexpr (kWhole) {
    const bool inside = tap.down < gather.taps_down && window.at(gather, tap.down, tap.across, tap.channel, &offset);
    copy_async<16>(to, inside ? window.picture + offset : gather.source, inside ? 16 : 0);
  } else {
    Tap one = tap;
    uint32_t packed[kChunk / 2] = {};
#pragma unroll
    for (int e = 0; e < kChunk; ++e) {
      if (one.down < gather.taps_down && window.at(gather, one.down, one.across, one.channel, &offset)) {
        packed[e / 2] |= static_cast<uint32_t>(window.picture[offset].bits) << (16 * (e % 2));
      }
      if (++one.channel >= gather.channels) {
        one.channel = 0;
        if (++one.across >= gather.taps_across) {
          one.across = 0;
          ++one.down;
        }
      }
    }
#pragma unroll
    for (int e = 0; e < kChunk / 2; ++e) {
      reinterpret_cast<uint32_t*>(to)[e] = packed[e];
    }
  }
}

// Mean and sum of squared deviations of each channel over the block's pixels, of the results as they were stored: (row tile, 2, columns).
template <class Tile, int kColumns>
__device__ void store_moments(const Tile& tile, const Gather& gather, int64_t first_pixel, int first_column, float* shared, float* partial) {
  const int64_t count = min(static_cast<int64_t>(kGatherRows), gather.pixels() - first_pixel);
  const int warp_down = tile.row / Tile::kWarpRows;
  float mean[Tile::kColumnParts][2] = {};
#pragma unroll
  for (int pass = 0; pass < 2; ++pass) {
#pragma unroll
    for (int j = 0; j < Tile::kColumnParts; ++j) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        float sum = 0.0f;
#pragma unroll
        for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
          for (int half = 0; half < 2; ++half) {
            const float value = to_float(to_bf16(tile.sums[i][j][2 * half + e])) - mean[j][e];
            sum += tile.row_of(i, half) < count ? (pass == 0 ? value : value * value) : 0.0f;
          }
        }
        for (int lanes = 4; lanes < 32; lanes *= 2) {
          sum += __shfl_xor_sync(0xffffffffu, sum, lanes);
        }
        if (tile.lane < 4) {
          shared[warp_down * kColumns + tile.column_of(j) + e] = sum;
        }
      }
    }
    __syncthreads();  // the sums of all warps stand
#pragma unroll
    for (int j = 0; j < Tile::kColumnParts; ++j) {
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const int column = tile.column_of(j) + e;
        float sum = 0.0f;
        for (int warp = 0; warp < Tile::kWarpsDown; ++warp) {
          sum += shared[warp * kColumns + column];
        }
        if (pass == 0) {
          mean[j][e] = sum / static_cast<float>(count);
        }
        if (warp_down == 0 && tile.lane < 4 && first_column + column < gather.columns) {
          partial[pass * gather.columns + first_column + column] = pass == 0 ? mean[j][e] : sum;
        }
      }
    }
    __syncthreads();  // all have read: the next pass overwrites
  }
}

template <class Product, int kColumns, bool kWhole>
__global__ void __launch_bounds__(kMmaThreads, 2) conv2d_gather_mma(Conv2dCall call, GatherGrid grid) {
  AG_DYNAMIC_SHARED(Bf16, stages);
  using Tile = MmaTile<kGatherRows, kColumns>;
  const int64_t block = blockIdx.x;
  const int first_column = static_cast<int>(block % grid.column_tiles) * kColumns;
  const int64_t row_tile = block / grid.column_tiles % grid.row_tiles;
  const int64_t first_pixel = row_tile * kGatherRows;
  const int part = static_cast<int>(block / grid.column_tiles / grid.row_tiles % grid.classes);
  const int64_t piece = block / grid.column_tiles / grid.row_tiles / grid.classes;
  const Gather gather = Product::gather(call, part);
  if (first_pixel >= gather.pixels()) {
    return;  // the whole block: a class smaller than the largest
  }

  Tile tile;
  const int chunk = static_cast<int>(threadIdx.x) % 4;
  const int line = static_cast<int>(threadIdx.x) / 4;
  const Window windows[2] = {Window(gather, first_pixel + line), Window(gather, first_pixel + line + 64)};
  const int64_t first_step = piece * grid.piece_steps;
  const int64_t end_step = min(first_step + grid.piece_steps, ceil_div(gather.depth(), kMmaDepth));
  Tap tap(gather, first_step * kMmaDepth + chunk * kChunk);
  const auto fetch = [&](int, Bf16* left, Bf16* right) {
    const int64_t weight = (gather.tap + tap.down * gather.tap_down + tap.across * gather.tap_across) * gather.channels + tap.channel;
    const bool some = kWhole ? tap.down < gather.taps_down : true;  // the depth of the prepared weights is padded
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      fetch_window<kWhole>(gather, windows[j], tap, left + along(line + 64 * j, chunk));
    }
#pragma unroll
    for (int j = 0; j < kColumns / 64; ++j) {
      const int column = first_column + line + 64 * j;
      const bool inside = some && column < gather.columns;
      copy_async<16>(right + along(line + 64 * j, chunk), gather.weights + (inside ? column * gather.pitch + weight : 0), inside ? 16 : 0);
    }
    tap.step(gather);
  };
  const int steps = static_cast<int>(max(end_step - first_step, int64_t{0}));
  mma_steps<Tile, kGatherRows>(steps, stages, fetch, [&](const Bf16* left, const Bf16* right) { tile.multiply_along(left, right); });

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
      const int64_t row = gather.result + pixel / gather.across / gather.down * gather.result_image +
                          pixel / gather.across % gather.down * gather.result_down + pixel % gather.across * gather.result_across;
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
  if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) != 0) {
    __syncthreads();  // nobody reads the stages any more
    store_moments<Tile, kColumns>(tile, gather, first_pixel, first_column, reinterpret_cast<float*>(stages), sums + row_tile * 2 * gather.columns);
  }
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

template <class Product>
int64_t gather_workspace(const ag_conv2d_plan& plan) {
  const Conv2dCall call = call_of(plan);
  const GatherGrid grid = gather_grid<Product>(call);
  const Gather gather = Product::gather(call, 0);
  int64_t numbers = 0;
  if ((plan.epilogue & AG_EPILOGUE_STATISTICS) != 0) {
    numbers = grid.row_tiles * 2 * gather.columns;
  } else if (grid.pieces > 1) {
    numbers = grid.pieces * gather.images * gather.result_image * gather.columns;
  }
  return numbers * static_cast<int64_t>(sizeof(float));
}

template <class Product, int kColumns, bool kWhole>
void launch_tiles(Exec& exec, const Conv2dCall& call, const GatherGrid& grid) {
  constexpr int64_t kShared = MmaTile<kGatherRows, kColumns>::kSharedBytes;
  AG_LAUNCH(exec, (conv2d_gather_mma<Product, kColumns, kWhole>), grid_of(grid.blocks()), kMmaThreads, kShared, call, grid);
}

template <class Product, bool kWhole>
void launch_gather(Exec& exec, const Conv2dCall& call) {
  const GatherGrid grid = gather_grid<Product>(call);
  grid.narrow ? launch_tiles<Product, 64, kWhole>(exec, call, grid) : launch_tiles<Product, 128, kWhole>(exec, call, grid);
  if (grid.pieces > 1) {
    const Gather gather = Product::gather(call, 0);
    const int64_t elements = gather.images * gather.result_image * gather.columns;
    AG_LAUNCH(exec, (conv2d_gather_add_pieces<Product>), grid_of(ceil_div(elements / 2, 256)), 256, 0, call, grid.pieces, elements, gather.columns);
  }
}

}  // namespace angulus::cuda
