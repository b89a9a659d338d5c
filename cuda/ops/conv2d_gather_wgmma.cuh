// The gathered products of conv2d_gather.cuh by wgmma, for compute capability 9.0a.
//
// TMA gathers: an im2col map of the source brings the pixels of a tile, moved by a tap, 64 channels at a time, zeros outside the picture; a
// tile is any run of pixels of a class, over the ends of rows and pictures. A class with a stride between its pixels is the same map with
// steps. The prepared weights are a matrix that a second map brings. Both maps are made on the host at each launch and travel as parameters.
//
//   block    384 threads (wgmma_tile.cuh): a loading thread, two warpgroups that multiply; 256 pixels x 64 or 128 channels, or 128 x 256 where
//            channels come in 256; steps of 64 along (tap, channel), four or five stages in shared memory (192 or 200 KiB). It walks the
//            tiles b, b + blocks, ...; the next tile's stages arrive while the results of the last are stored
//   launch   one for each class, as many blocks as the card runs at once
//   bound    FLOPs with 128 and 256 channels; with 64 the reads of L2, which bring a pixel again for each tap: 40 KiB for 256 x 64 x 64
#pragma once

#include "../device/tma.cuh"
#include "../device/wgmma_tile.cuh"
#include "conv2d_gather.cuh"

namespace angulus::cuda {

// Along one axis: where the windows of a class begin in the source, from the first pixel's to the last one's.
struct WindowPlaces {
  int first, last;

  __host__ __device__ WindowPlaces(int first_tap, int direction, int taps, int pixels, int step)
      : first(direction > 0 ? first_tap : first_tap - (taps - 1)), last(first + (pixels - 1) * step) {}
};
__host__ __device__ inline WindowPlaces places_down(const Gather& g) {
  return {g.first_down, g.direction, g.taps_down, g.down, g.step_down};
}
__host__ __device__ inline WindowPlaces places_across(const Gather& g) {
  return {g.first_across, g.direction, g.taps_across, g.across, g.step_across};
}

// What an im2col map takes.
inline bool maps(const WindowPlaces& places, int extent, int taps, int step) {
  const int upper = places.last - (extent - 1);
  return taps >= 1 && taps <= 256 && step <= 8 && places.first >= -128 && places.first <= 127 && upper >= -128 && upper <= 127;
}

// 64 source channels make a step; every class has taps.
template <class Product>
bool fits_wgmma(const ag_conv2d_plan& plan) {
  if (!fits_mma(plan)) {
    return false;
  }
  const Conv2dCall call = call_of(plan);
  for (int part = 0; part < Product::classes(plan.shape); ++part) {
    const Gather g = Product::gather(call, part);
    if (g.channels % kWgmmaDepth != 0 || !maps(places_down(g), g.height, g.taps_down, g.step_down) ||
        !maps(places_across(g), g.width, g.taps_across, g.step_across)) {
      return false;
    }
  }
  return true;
}

// One tile of one piece of the depth.
struct GatherWork {
  int64_t first_pixel, piece;
  int first_column, first_step, steps;

  __device__ GatherWork(int64_t work, const Gather& gather, const GatherGrid& grid, int rows, int columns) {
    const int64_t row_tiles = ceil_div(gather.pixels(), rows);
    first_column = static_cast<int>(work % grid.column_tiles) * columns;
    first_pixel = work / grid.column_tiles % row_tiles * rows;
    piece = work / grid.column_tiles / row_tiles;
    first_step = static_cast<int>(piece * grid.piece_steps);
    const int end = static_cast<int>(min(first_step + grid.piece_steps, gather.depth() / kWgmmaDepth));
    steps = max(end - first_step, 0);
  }
};

// The loads of a work's steps.
template <class Tile>
__device__ void load_work(typename Tile::Ring& ring, const GatherWork& work, const Gather& gather, const TensorMap& windows,
                          const TensorMap& filters) {
  const int pixel = static_cast<int>(work.first_pixel);
  const int image = pixel / gather.across / gather.down;
  const int down = places_down(gather).first + pixel / gather.across % gather.down * gather.step_down;
  const int across = places_across(gather).first + pixel % gather.across * gather.step_across;
  const int blocks = gather.channels / kWgmmaDepth;
  for (int step = work.first_step; step < work.first_step + work.steps; ++step) {
    const int channel = step % blocks * kWgmmaDepth;
    const int i = step / blocks / gather.taps_across;
    const int j = step / blocks % gather.taps_across;
    const int64_t weight = (gather.tap + i * gather.tap_down + j * gather.tap_across) * gather.channels + channel;
    const bool forward = gather.direction > 0;
    ring.fill([&](unsigned char* stage, uint64_t* full) {
      tma_load_im2col(stage, windows, full, channel, across, down, image, forward ? j : gather.taps_across - 1 - j,
                      forward ? i : gather.taps_down - 1 - i);
      tma_load_2d(stage + Tile::kLeftBytes, filters, full, static_cast<int>(weight), work.first_column);
    });
  }
}

template <class Product, class Tile>
__global__ void __launch_bounds__(kWgmmaThreads, 1)
    conv2d_gather_wgmma(Conv2dCall call, GatherGrid grid, int part, int64_t works, const __grid_constant__ TensorMap windows,
                        const __grid_constant__ TensorMap filters) {
  AG_DYNAMIC_SHARED(unsigned char, shared);
  const Gather gather = Product::gather(call, part);
  typename Tile::Ring ring(shared);
  if (threadIdx.x == 0) {
    ring.init(Tile::kWarps);
  }
  __syncthreads();  // the mbarriers stand

  if (threadIdx.x < kWarpgroup) {
    release_registers<kLoaderRegisters>();
    if (threadIdx.x == 0) {
      for (int64_t work = blockIdx.x; work < works; work += gridDim.x) {
        load_work<Tile>(ring, GatherWork(work, gather, grid, 2 * Tile::kRows, Tile::kColumns), gather, windows, filters);
      }
    }
    return;
  }

  claim_registers<kMultiplierRegisters>();
  Tile tile;
  float* const moments = reinterpret_cast<float*>(shared + Tile::Ring::kBytes) + tile.group * kMomentFloats<Tile>;
  for (int64_t number = blockIdx.x; number < works; number += gridDim.x) {
    const GatherWork work(number, gather, grid, 2 * Tile::kRows, Tile::kColumns);
    tile.multiply(ring, work.steps);
    const int64_t first_pixel = work.first_pixel + tile.group * Tile::kRows;
    if (grid.pieces > 1) {
      store_sums(tile, gather, first_pixel, work.first_column, piece_sums(call, gather, work.piece));
    } else {
      store_results(tile, call, gather, first_pixel, work.first_column, Product::result(call));
    }
    if ((call.plan.epilogue & AG_EPILOGUE_STATISTICS) != 0 && first_pixel < gather.pixels()) {  // the whole warpgroup
      float* const partial = static_cast<float*>(call.workspace) + first_pixel / Tile::kRows * 2 * gather.columns;
      store_moments(tile, gather, first_pixel, work.first_column, moments, partial);
    }
  }
}

inline bool encode_windows(Error& error, TensorMap* map, const Gather& g, int pixels) {
  const int64_t pixel_bytes = int64_t{g.channels} * static_cast<int64_t>(sizeof(Bf16));
  const TensorShape shape = {g.source, AG_BF16, 4, {g.channels, g.width, g.height, g.images},
                             {0, pixel_bytes, g.width * pixel_bytes, int64_t{g.height} * g.width * pixel_bytes}};
  const WindowPlaces down = places_down(g), across = places_across(g);
  return encode_im2col(error, map, shape,
                       {{across.first, down.first}, {across.last - (g.width - 1), down.last - (g.height - 1)}, kWgmmaDepth, pixels,
                        {g.step_across, g.step_down}, Swizzle::bytes_128});
}

inline bool encode_filters(Error& error, TensorMap* map, const Gather& g, int columns) {
  const TensorShape shape = {g.weights, AG_BF16, 2, {g.pitch, g.columns}, {0, g.pitch * static_cast<int64_t>(sizeof(Bf16))}};
  return encode_tiled(error, map, shape, {{kWgmmaDepth, columns}, Swizzle::bytes_128});
}

// The three forms of a tile: f(tile) with that of the plan's product, a null pointer that has its type.
template <class Product, class F>
auto with_wgmma_tile(const ag_conv2d_plan& plan, const F& f) {
  const int columns = Product::gather(call_of(plan), 0).columns;
  if (columns <= 64) {
    return f(static_cast<WgmmaTile<2, 64>*>(nullptr));
  }
  return columns % 256 == 0 ? f(static_cast<WgmmaTile<1, 256>*>(nullptr)) : f(static_cast<WgmmaTile<2, 128>*>(nullptr));
}

template <class Tile>
constexpr GatherTile kGatherTile = {2 * Tile::kRows, Tile::kColumns, kWgmmaDepth};

template <class Product>
int wgmma_moment_rows(const ag_conv2d_plan& plan) {
  return with_wgmma_tile<Product>(plan, [](auto* tile) { return std::remove_pointer_t<decltype(tile)>::kRows; });
}

template <class Product>
int64_t wgmma_workspace(const ag_conv2d_plan& plan) {
  return with_wgmma_tile<Product>(plan, [&](auto* tile) {
    using Tile = std::remove_pointer_t<decltype(tile)>;
    return gather_workspace<Product>(plan, kGatherTile<Tile>, Tile::kRows);
  });
}

template <class Product, class Tile>
void launch_wgmma_tiles(Exec& exec, const Conv2dCall& call) {
  constexpr int64_t kShared = Tile::Ring::kBytes + 2 * kMomentFloats<Tile> * static_cast<int64_t>(sizeof(float));
  const GatherGrid grid = gather_grid<Product>(call, kGatherTile<Tile>);
  for (int part = 0; part < grid.classes; ++part) {
    const Gather gather = Product::gather(call, part);
    TensorMap windows, filters;
    if (!encode_windows(*exec.error, &windows, gather, 2 * Tile::kRows) || !encode_filters(*exec.error, &filters, gather, Tile::kColumns)) {
      return;
    }
    const int64_t works = ceil_div(gather.pixels(), 2 * Tile::kRows) * grid.column_tiles * grid.pieces;
    AG_LAUNCH(exec, (conv2d_gather_wgmma<Product, Tile>), grid_of(std::min(works, kHopperBlocks)), kWgmmaThreads, kShared, call, grid, part,
              works, windows, filters);
  }
  add_pieces<Product>(exec, call, grid);
}

template <class Product>
void launch_wgmma(Exec& exec, const Conv2dCall& call) {
  with_wgmma_tile<Product>(call.plan,
                           [&](auto* tile) { launch_wgmma_tiles<Product, std::remove_pointer_t<decltype(tile)>>(exec, call); });
}

}  // namespace angulus::cuda
