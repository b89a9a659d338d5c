// The gathered products of conv2d_gather.cuh in tiles of 256 threads: bf16 by mma.sync, which cards from 8.0 on have, f32 by multiply-adds.
//
//   block    128 pixels of one class x kColumns channels; steps of 64 bytes along (tap, channel), three stages in shared memory (48 or 36 KiB)
//            that cp.async fills two steps ahead, zeros outside the picture
//   warp     of bf16: kColumns 128: 64 x 32 results, 64: 32 x 32, by m16n8k16; of f32 (fma_tile.cuh): 32 x 64 and 32 x 32
//   source channels that do not fill chunks of 16 bytes (the first layer's 3): chunks of bf16 are gathered number by number, the weights are
//            prepared with the depth padded to whole steps
#pragma once

#include "conv2d_gather.cuh"

namespace angulus::cuda {

constexpr int kGatherRows = 128;

// 64 channels where a tile of 128 would be half empty.
template <class Product>
GatherTile strip_tile(const ag_conv2d_plan& plan) {
  return {kGatherRows, Product::gather(call_of(plan), 0).columns <= 64 ? 64 : 128, kStripDepth<typename Product::Number>};
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
  __device__ void step(const Gather& gather, int depth) {
    channel += depth;
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
template <class T>
struct Window {
  const T* picture;
  int top, left;

  __device__ Window(const Gather& gather, int64_t pixel) {
    const int j = static_cast<int>(pixel % gather.across);
    const int i = static_cast<int>(pixel / gather.across % gather.down);
    const int64_t n = pixel / gather.across / gather.down;
    const bool inside = pixel < gather.pixels();
    picture = static_cast<const T*>(gather.source) + (inside ? n : 0) * gather.height * gather.width * gather.channels;
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
template <bool kWhole, class T>
__device__ inline void fetch_window(const Gather& gather, const Window<T>& window, const Tap& tap, T* to) {
  static_assert(kWhole || std::is_same<T, Bf16>::value, "f32 is not gathered number by number");
  int64_t offset;
  if constexpr (kWhole) {
    const bool inside = tap.down < gather.taps_down && window.at(gather, tap.down, tap.across, tap.channel, &offset);
    copy_async<16>(to, inside ? window.picture + offset : window.picture, inside ? 16 : 0);
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

// use(result, column, sum) of each result of a tile of f32: the number of its pixel in the results, and its channel.
template <class Tile, class Use>
__device__ void each_result(const Tile& tile, const Gather& gather, int64_t first_pixel, int first_column, const Use& use) {
#pragma unroll
  for (int i = 0; i < Tile::kRowParts; ++i) {
    const int64_t pixel = first_pixel + tile.row_of(i);
    if (pixel >= gather.pixels()) {
      continue;
    }
    const int64_t row = gather.row(pixel);
#pragma unroll
    for (int j = 0; j < Tile::kColumnParts; ++j) {
      const int k = first_column + tile.column_of(j);
      if (k < gather.columns) {
        use(row * gather.columns + k, k, tile.sums[i][j]);
      }
    }
  }
}

template <int kRows, int kColumns>
__device__ void store_sums(const FmaTile<kRows, kColumns>& tile, const Gather& gather, int64_t first_pixel, int first_column, float* sums) {
  each_result(tile, gather, first_pixel, first_column, [&](int64_t index, int, float sum) { sums[index] = sum; });
}

// The residual may be the result: a thread reads what it then writes.
template <int kRows, int kColumns>
__device__ void store_results(const FmaTile<kRows, kColumns>& tile, const Conv2dCall& call, const Gather& gather, int64_t first_pixel,
                              int first_column, float* result) {
  const float* const residual = (call.plan.epilogue & AG_EPILOGUE_RESIDUAL) != 0 ? static_cast<const float*>(call.residual) : nullptr;
  each_result(tile, gather, first_pixel, first_column, [&](int64_t index, int k, float sum) {
    result[index] = finish(call, k, sum, residual == nullptr ? 0.0f : residual[index]);
  });
}

template <class Product, class Tile, bool kWhole>
__global__ void __launch_bounds__(kStripThreads, 2) conv2d_gather_tiles(Conv2dCall call, GatherGrid grid) {
  using T = typename Product::Number;
  constexpr int kColumns = Tile::kColumns;
  constexpr int kDepth = kStripDepth<T>;
  AG_DYNAMIC_SHARED(T, stages);
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
  const Window<T> windows[2] = {Window<T>(gather, first_pixel + line), Window<T>(gather, first_pixel + line + 64)};
  const T* const weights = static_cast<const T*>(gather.weights);
  const int64_t first_step = piece * grid.piece_steps;
  const int64_t end_step = min(first_step + grid.piece_steps, ceil_div(gather.depth(), kDepth));
  Tap tap(gather, first_step * kDepth + chunk * kVector<T>);
  const auto fetch = [&](int, T* left, T* right) {
    const int64_t weight = (gather.tap + tap.down * gather.tap_down + tap.across * gather.tap_across) * gather.channels + tap.channel;
    const bool some = kWhole ? tap.down < gather.taps_down : true;  // the depth of the prepared weights is padded
#pragma unroll
    for (int j = 0; j < 2; ++j) {
      fetch_window<kWhole>(gather, windows[j], tap, left + along<T>(line + 64 * j, chunk));
    }
#pragma unroll
    for (int j = 0; j < kColumns / 64; ++j) {
      const int column = first_column + line + 64 * j;
      const bool inside = some && column < gather.columns;
      copy_async<16>(right + along<T>(line + 64 * j, chunk), weights + (inside ? column * gather.pitch + weight : 0), inside ? 16 : 0);
    }
    tap.step(gather, kDepth);
  };
  const int steps = static_cast<int>(max(end_step - first_step, int64_t{0}));
  strip_steps<Tile>(steps, stages, fetch, [&](const T* left, const T* right) { tile.multiply_along(left, right); });

  if (grid.pieces > 1) {
    store_sums(tile, gather, first_pixel, first_column, piece_sums(call, gather, piece));
  } else {
    store_results(tile, call, gather, first_pixel, first_column, Product::result(call));
  }
  if constexpr (std::is_same<T, Bf16>::value) {
    if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) != 0) {
      __syncthreads();  // nobody reads the stages any more
      float* const partial = static_cast<float*>(call.workspace) + row_tile * 2 * gather.columns;
      store_moments(tile, gather, first_pixel, first_column, reinterpret_cast<float*>(stages), partial);
    }
  }
}

template <class Product>
int64_t strip_workspace(const ag_conv2d_plan& plan) {
  return gather_workspace<Product>(plan, strip_tile<Product>(plan), kGatherRows);
}

template <class T, int kColumns>
using GatherStrips = std::conditional_t<std::is_same<T, Bf16>::value, MmaTile<kGatherRows, kColumns>, FmaTile<kGatherRows, kColumns>>;

template <class Product, int kColumns, bool kWhole>
void launch_tiles(Exec& exec, const Conv2dCall& call, const GatherGrid& grid) {
  using Tile = GatherStrips<typename Product::Number, kColumns>;
  AG_LAUNCH(exec, (conv2d_gather_tiles<Product, Tile, kWhole>), grid_of(grid.blocks()), kStripThreads, Tile::kSharedBytes, call, grid);
}

template <class Product, bool kWhole>
void launch_gather(Exec& exec, const Conv2dCall& call) {
  const GatherTile tile = strip_tile<Product>(call.plan);
  const GatherGrid grid = gather_grid<Product>(call, tile);
  tile.columns == 64 ? launch_tiles<Product, 64, kWhole>(exec, call, grid) : launch_tiles<Product, 128, kWhole>(exec, call, grid);
  add_pieces<Product>(exec, call, grid);
}

}  // namespace angulus::cuda
