// The gradient by weight by wgmma, for compute capability 9.0a: (r,s,c) x filters, a depth of output pixels.
//
// TMA gathers as in conv2d_gather_wgmma.cuh: an im2col map of x brings 64 pixels of 64 channels for a tap, a second map those of dy; both
// factors have the depth as their slow index (mn-major), and zeros of dy end the last step.
//
//   block    384 threads (wgmma_tile.cuh): 256 of (r,s,c), in blocks of 64 channels of a tap, x 64 or 128 filters of a piece of the pixels;
//            steps of 64 pixels, four or five stages in shared memory (192 or 200 KiB)
//   pieces   the pixels are cut so that two tiles for each block come about, at least 8 steps a piece; f32 sums go to the workspace and a second
//            launch adds them in their order. A function of the shape alone
#pragma once

#include "conv2d_gather_wgmma.cuh"

namespace angulus::cuda {

struct WeightWorks {
  int64_t row_tiles, column_tiles, pieces, piece_pixels;
  int64_t count() const { return row_tiles * column_tiles * pieces; }
};

template <class Tile>
WeightWorks weight_works(const ag_conv2d_shape& shape) {
  constexpr int64_t kWanted = 2 * kHopperMultiprocessors;
  constexpr int64_t kShortestPiece = 8 * kWgmmaDepth;
  const int64_t pixels = shape.n * output_rows(shape) * output_columns(shape);
  WeightWorks works = {};
  works.row_tiles = ceil_div(int64_t{shape.r} * shape.s * shape.c, 2 * Tile::kRows);
  works.column_tiles = ceil_div(shape.k, Tile::kColumns);
  const int64_t wanted = std::max(int64_t{1}, std::min(kWanted / (works.row_tiles * works.column_tiles), ceil_div(pixels, kShortestPiece)));
  works.piece_pixels = ceil_div(ceil_div(pixels, wanted), kWgmmaDepth) * kWgmmaDepth;
  works.pieces = ceil_div(pixels, works.piece_pixels);
  return works;
}

// One tile of one piece of the pixels.
struct WeightWork {
  int first_block, first_filter, first_pixel, steps;  // a block: 64 channels of a tap
  int64_t piece;

  template <class Tile>
  __device__ static WeightWork of(int64_t number, const WeightWorks& works, int64_t pixels) {
    WeightWork work;
    work.first_block = static_cast<int>(number % works.row_tiles) * (2 * Tile::kRows / kWgmmaDepth);
    work.first_filter = static_cast<int>(number / works.row_tiles % works.column_tiles) * Tile::kColumns;
    work.piece = number / works.row_tiles / works.column_tiles;
    work.first_pixel = static_cast<int>(work.piece * works.piece_pixels);
    work.steps = static_cast<int>(ceil_div(min(works.piece_pixels, pixels - work.first_pixel), kWgmmaDepth));
    return work;
  }
};

template <class Tile>
__device__ void load_weight_work(typename Tile::Ring& ring, const WeightWork& work, const Gather& gather, const TensorMap& windows,
                                 const TensorMap& gradients) {
  constexpr int kBoxBytes = kWgmmaDepth * kWgmmaLine;
  const int blocks = gather.channels / kWgmmaDepth;
  const int last_block = gather.taps_down * gather.taps_across * blocks - 1;
  for (int step = 0; step < work.steps; ++step) {
    const int pixel = work.first_pixel + step * kWgmmaDepth;
    const int image = pixel / gather.across / gather.down;
    const int down = places_down(gather).first + pixel / gather.across % gather.down * gather.step_down;
    const int across = places_across(gather).first + pixel % gather.across * gather.step_across;
    ring.fill([&](unsigned char* stage, uint64_t* full) {
      for (int i = 0; i < 2 * Tile::kRows / kWgmmaDepth; ++i) {
        const int block = min(work.first_block + i, last_block);  // past the end: never stored
        const int tap = block / blocks;
        tma_load_im2col(stage + i * kBoxBytes, windows, full, block % blocks * kWgmmaDepth, across, down, image, tap % gather.taps_across,
                        tap / gather.taps_across);
      }
      for (int j = 0; j < Tile::kColumns / kWgmmaDepth; ++j) {
        tma_load_2d(stage + Tile::kLeftBytes + j * kBoxBytes, gradients, full, work.first_filter + j * kWgmmaDepth, pixel);
      }
    });
  }
}

template <class Tile>
__global__ void __launch_bounds__(kWgmmaThreads, 1)
    conv2d_weight_wgmma(Conv2dCall call, WeightWorks works, int64_t count, const __grid_constant__ TensorMap windows,
                        const __grid_constant__ TensorMap gradients) {
  AG_DYNAMIC_SHARED(unsigned char, shared);
  const Gather gather = ForwardProduct<Bf16>::gather(call, 0);
  typename Tile::Ring ring(shared);
  if (threadIdx.x == 0) {
    ring.init(Tile::kWarps);
  }
  __syncthreads();  // the mbarriers stand

  if (threadIdx.x < kWarpgroup) {
    release_registers<kLoaderRegisters>();
    if (threadIdx.x == 0) {
      for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
        load_weight_work<Tile>(ring, WeightWork::of<Tile>(number, works, gather.pixels()), gather, windows, gradients);
      }
    }
    return;
  }

  claim_registers<kMultiplierRegisters>();
  Tile tile;
  const int64_t width = gather.depth();  // of a filter: its (r,s,c)
  for (int64_t number = blockIdx.x; number < count; number += gridDim.x) {
    const WeightWork work = WeightWork::of<Tile>(number, works, gather.pixels());
    tile.template multiply<Major::mn>(ring, work.steps);
    float* const sums = static_cast<float*>(call.workspace) + work.piece * gather.columns * width;
    const int64_t first = int64_t{work.first_block} * kWgmmaDepth + tile.group * Tile::kRows;
#pragma unroll
    for (int j = 0; j < Tile::kColumnParts; ++j) {
      const int k = work.first_filter + tile.column_of(j);
      float* const to = sums + k * width;
#pragma unroll
      for (int i = 0; i < Tile::kRowParts; ++i) {
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int64_t at = first + tile.row_of(i, half);
          if (at < width && k < gather.columns) {
            to[at] = tile.sums[i][j][2 * half];
            to[width + at] = tile.sums[i][j][2 * half + 1];
          }
        }
      }
    }
  }
}

// f(tile) with the form of a tile of the plan's product, a null pointer that has its type.
template <class F>
auto with_weight_tile(const ag_conv2d_shape& shape, const F& f) {
  return shape.k <= 64 ? f(static_cast<WgmmaTile<2, 64>*>(nullptr)) : f(static_cast<WgmmaTile<2, 128>*>(nullptr));
}

inline int64_t weight_wgmma_workspace(const ag_conv2d_plan& plan) {
  const ag_conv2d_shape& s = plan.shape;
  const int64_t pieces = with_weight_tile(s, [&](auto* tile) { return weight_works<std::remove_pointer_t<decltype(tile)>>(s).pieces; });
  return pieces * s.k * s.r * s.s * s.c * static_cast<int64_t>(sizeof(float));
}

template <class Tile>
int64_t launch_weight_works(Exec& exec, const Conv2dCall& call) {
  const WeightWorks works = weight_works<Tile>(call.plan.shape);
  const Gather gather = ForwardProduct<Bf16>::gather(call, 0);
  const int64_t line = int64_t{gather.columns} * static_cast<int64_t>(sizeof(Bf16));
  TensorMap windows, gradients;
  if (encode_windows(*exec.error, &windows, gather, kWgmmaDepth) &&
      encode_tiled(*exec.error, &gradients, {call.y, AG_BF16, 2, {gather.columns, gather.pixels()}, {0, line}},
                   {{kWgmmaDepth, kWgmmaDepth}, Swizzle::bytes_128})) {
    AG_LAUNCH(exec, conv2d_weight_wgmma<Tile>, grid_of(std::min(works.count(), kHopperBlocks)), kWgmmaThreads, Tile::Ring::kBytes, call, works,
              works.count(), windows, gradients);
  }
  return works.pieces;
}

// Enqueues the pieces' sums and returns how many there are.
inline int64_t launch_weight_wgmma(Exec& exec, const Conv2dCall& call) {
  return with_weight_tile(call.plan.shape, [&](auto* tile) { return launch_weight_works<std::remove_pointer_t<decltype(tile)>>(exec, call); });
}

}  // namespace angulus::cuda
