// margin_backward with factors of bf16 on tensor cores (margin_classes_mma.cuh): five launches after x~ is made, tiles of 128 x 128, steps of 32.
//
//   gradients  rows x classes, depth D (or the stored cosines): G, rounded, is stored as bf16; the sums over a tile's rows and classes merge by
//              shuffles, then through shared memory. The row tiles of one class tile stand side by side in the grid, as in margin_forward
//   classes    dw: classes x D, depth N: G and x~ have the depth as their slow index and lie across
//   rows       rows x D, a depth of classes: G lies along, w~, rounded on its way, across. The classes are cut into pieces so that at least 512
//              blocks run where there are enough of them
//   totals, merge   margin_gradient.cuh
#pragma once

#include "margin_classes_mma.cuh"
#include "margin_gradient.cuh"

namespace angulus::cuda {
namespace {

// The workspace. What of it grows with the classes: 2 N bytes of G and some of sums for each.
struct BackwardSpace {
  Bf16* x;                  // (N, factor pitch): x~
  Bf16* gradients;          // (N, pitch): G, zeros from count to the pitch
  int64_t pitch;            // of G: whole chunks
  TileSums sums;
  int64_t bytes;
};

inline BackwardSpace backward_space(void* workspace, int64_t n, int64_t count, int64_t d) {
  constexpr int64_t kWantedBlocks = 512, kLeastClasses = 512;
  const int64_t row_tiles = ceil_div(n, kHeadTile);
  const int64_t pieces = ceil_div(kWantedBlocks, row_tiles * ceil_div(d, kHeadTile));
  const int64_t even = ceil_div(ceil_div(count, pieces), kMmaDepth) * kMmaDepth;
  BackwardSpace space = {};
  space.pitch = ceil_div(count, kChunk) * kChunk;
  space.x = static_cast<Bf16*>(workspace);
  space.gradients = space.x + n * factor_pitch(d);
  float* const sums = reinterpret_cast<float*>(space.gradients + n * space.pitch);
  space.sums = TileSums::of(sums, n, count, ceil_div(count, kHeadTile), row_tiles, even > kLeastClasses ? even : kLeastClasses);
  space.bytes = reinterpret_cast<const char*>(space.sums.end(n, d)) - static_cast<const char*>(workspace);
  return space;
}

template <class H, bool kWhole>
__global__ void __launch_bounds__(kStripThreads, 2) margin_gradients_mma(MarginBackwardCall call, BackwardSpace space) {
  AG_DYNAMIC_SHARED(Bf16, stages);
  const Head& head = call.head;
  const TileSums& sums = space.sums;
  const int64_t class_tile = blockIdx.x / sums.row_tiles;
  const int64_t row_tile = blockIdx.x % sums.row_tiles;
  const int64_t first_row = row_tile * kHeadTile;
  const int64_t first_class = class_tile * kHeadTile;  // in the range
  HeadTile tile;
  if (call.cosines == nullptr) {
    multiply_rows_and_classes<H, kWhole>(head, space.x, first_row, call.first, first_class, call.count, stages, tile);
  }

  __syncthreads();  // nobody reads the stages any more
  float* const of_rows = reinterpret_cast<float*>(stages);                        // (2, warps across, rows)
  float* const of_classes = of_rows + 2 * HeadTile::kWarpsAcross * kHeadTile;     // (2, warps down, classes)
  float column_along[HeadTile::kColumnParts][2] = {};
  float column_g[HeadTile::kColumnParts][2] = {};
#pragma unroll
  for (int i = 0; i < HeadTile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = first_row + tile.row_of(i, half);
      float along = 0.0f, by_scale = 0.0f;
      if (row < head.n) {
        const Row own = Row::of(call, row);
#pragma unroll
        for (int j = 0; j < HeadTile::kColumnParts; ++j) {
          const int64_t pair = first_class + tile.column_of(j);
          float rounded[2] = {};
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            const int64_t index = pair + e;
            if (index < call.count) {
              const float c = call.cosines == nullptr ? cosine_of<H, Bf16>(head, tile.sums[i][j][2 * half + e], row, call.first + index)
                                                      : call.cosines[row * call.count + index];
              const Gradient gradient = Gradient::of<H>(call, own, call.first + index, c);
              rounded[e] = factor<Bf16>(gradient.g);
              const float product = along_of<H>(own, call.first + index, rounded[e], c);
              along += product;
              by_scale += gradient.by_scale;
              column_along[j][e] += product;
              column_g[j][e] += gradient.dz;
            }
          }
          if (pair < space.pitch) {
            *reinterpret_cast<uint32_t*>(space.gradients + row * space.pitch + pair) = pack_pair(rounded);
          }
        }
      }
      along = warp_sum(along, 4);  // the 4 lanes of a row; all lanes shuffle, rows past the end too
      by_scale = warp_sum(by_scale, 4);
      if (tile.lane % 4 == 0) {
        const int at = tile.column / 32 * kHeadTile + tile.row_of(i, half);
        of_rows[at] = along;
        of_rows[HeadTile::kWarpsAcross * kHeadTile + at] = by_scale;
      }
    }
  }
#pragma unroll
  for (int j = 0; j < HeadTile::kColumnParts; ++j) {
#pragma unroll
    for (int e = 0; e < 2; ++e) {
      for (int lanes = 16; lanes >= 4; lanes /= 2) {  // the 8 lanes of a class
        column_along[j][e] += __shfl_xor_sync(kFullWarp, column_along[j][e], lanes);
        column_g[j][e] += __shfl_xor_sync(kFullWarp, column_g[j][e], lanes);
      }
      if (tile.lane < 4) {
        const int at = tile.row / HeadTile::kWarpRows * kHeadTile + tile.column_of(j) + e;
        of_classes[at] = column_along[j][e];
        of_classes[HeadTile::kWarpsDown * kHeadTile + at] = column_g[j][e];
      }
    }
  }
  __syncthreads();  // half of the threads add what the warps have of a row, half what they have of a class
  const int line = static_cast<int>(threadIdx.x) % kHeadTile;
  const bool is_row = threadIdx.x < kHeadTile;
  const int warps = is_row ? HeadTile::kWarpsAcross : HeadTile::kWarpsDown;
  const float* const from = is_row ? of_rows : of_classes;
  float two[2] = {};
#pragma unroll
  for (int which = 0; which < 2; ++which) {
    for (int warp = 0; warp < warps; ++warp) {
      two[which] += from[(which * warps + warp) * kHeadTile + line];
    }
  }
  const int64_t at = (is_row ? first_row : first_class) + line;
  const int64_t size = is_row ? head.n : call.count;
  if (at < size) {
    float* const to = is_row ? sums.of_rows + class_tile * 2 * size : sums.of_classes + row_tile * 2 * size;
    to[at] = two[0];
    to[size + at] = two[1];
  }
}

// The chunks of a strip across that a thread copies: one group of 8 lines, on levels a fixed distance apart.
struct AcrossCopies {
  static constexpr int kLevels = kStripThreads / (kHeadTile / kChunk);
  static constexpr int kCount = kMmaDepth / kLevels;
  int chunk, first_level;

  __device__ AcrossCopies() {
    chunk = static_cast<int>(threadIdx.x) % (kHeadTile / kChunk);
    first_level = static_cast<int>(threadIdx.x) / (kHeadTile / kChunk);
  }
  __device__ int level(int j) const { return first_level + j * kLevels; }
};

// dw of 128 classes and 128 of D.
template <class H>
__global__ void __launch_bounds__(kStripThreads, 2) margin_classes_mma(MarginBackwardCall call, BackwardSpace space) {
  AG_DYNAMIC_SHARED(Bf16, stages);
  const Head& head = call.head;
  const int64_t depth_tiles = ceil_div(head.d, kHeadTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kHeadTile;
  const int64_t first_class = blockIdx.x / depth_tiles * kHeadTile;
  const int64_t pitch = factor_pitch(head.d);
  const AcrossCopies copies;
  const int64_t index = first_class + copies.chunk * kChunk;
  const int64_t d = first_d + copies.chunk * kChunk;
  const auto fetch = [&](int step, Bf16* left, Bf16* right) {
#pragma unroll
    for (int j = 0; j < AcrossCopies::kCount; ++j) {
      const int level = copies.level(j);
      const int64_t row = int64_t{step} * kMmaDepth + level;
      const bool some_g = row < head.n && index < space.pitch;
      const bool some_x = row < head.n && d < pitch;
      copy_async<16>(left + across<kHeadTile>(level, copies.chunk), space.gradients + (some_g ? row * space.pitch + index : 0), some_g ? 16 : 0);
      copy_async<16>(right + across<kHeadTile>(level, copies.chunk), space.x + (some_x ? row * pitch + d : 0), some_x ? 16 : 0);
    }
  };
  HeadTile tile;
  strip_steps<HeadTile>(static_cast<int>(ceil_div(head.n, kMmaDepth)), stages, fetch,
                                 [&](const Bf16* left, const Bf16* right) { tile.multiply_across(left, right); });

#pragma unroll
  for (int i = 0; i < HeadTile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t own = first_class + tile.row_of(i, half);
      if (own >= call.count) {
        continue;
      }
      float along, g;
      space.sums.of_class(call.count, own, along, g);
#pragma unroll
      for (int j = 0; j < HeadTile::kColumnParts; ++j) {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const int64_t at = first_d + tile.column_of(j) + e;
          if (at < head.d) {
            put_dw<H>(call, own, at, tile.sums[i][j][2 * half + e], along);
          }
        }
      }
      if (call.dbias != nullptr && first_d == 0 && tile.column_of(0) == 0) {
        put(call.dbias + own, g, call.write_w);
      }
    }
  }
}

// The part of one piece of the classes in sum_j G_ij w^_j, for 128 rows and 128 of D.
template <class H, bool kWhole>
__global__ void __launch_bounds__(kStripThreads, 2) margin_rows_mma(MarginBackwardCall call, BackwardSpace space) {
  AG_DYNAMIC_SHARED(Bf16, stages);
  constexpr int kLines = kStripThreads / (kMmaDepth / kChunk);
  const Head& head = call.head;
  const TileSums& sums = space.sums;
  const int64_t depth_tiles = ceil_div(head.d, kHeadTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kHeadTile;
  const int64_t first_row = blockIdx.x / depth_tiles % sums.row_tiles * kHeadTile;
  const int64_t piece = blockIdx.x / depth_tiles / sums.row_tiles;
  const int64_t start = piece * sums.piece_classes;
  const int64_t end = min(start + sums.piece_classes, static_cast<int64_t>(call.count));
  const int chunk = static_cast<int>(threadIdx.x) % (kMmaDepth / kChunk);
  const int line = static_cast<int>(threadIdx.x) / (kMmaDepth / kChunk);
  const AcrossCopies copies;
  ClassChunk<H, kWhole> classes[AcrossCopies::kCount];
  const auto read = [&](int step) {
#pragma unroll
    for (int j = 0; j < AcrossCopies::kCount; ++j) {
      const int64_t index = start + int64_t{step} * kMmaDepth + copies.level(j);
      classes[j].read(head, index < end, call.first + index, first_d + copies.chunk * kChunk);
    }
  };
  const auto fetch = [&](int step, Bf16* left, Bf16* right) {
    const int64_t index = start + int64_t{step} * kMmaDepth + chunk * kChunk;
#pragma unroll
    for (int j = 0; j < kHeadTile / kLines; ++j) {
      const int64_t row = first_row + line + j * kLines;
      const bool inside = row < head.n && index < end;  // a piece ends with a chunk, the last one with zeros up to the pitch
      copy_async<16>(left + along(line + j * kLines, chunk), space.gradients + (inside ? row * space.pitch + index : 0), inside ? 16 : 0);
    }
#pragma unroll
    for (int j = 0; j < AcrossCopies::kCount; ++j) {
      classes[j].write(right + across<kHeadTile>(copies.level(j), copies.chunk));
    }
    read(step + 1);
  };
  HeadTile tile;
  read(0);
  strip_steps<HeadTile>(static_cast<int>(ceil_div(end - start, kMmaDepth)), stages, fetch,
                                 [&](const Bf16* left, const Bf16* right) { tile.multiply_along_across(left, right); });

#pragma unroll
  for (int i = 0; i < HeadTile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = first_row + tile.row_of(i, half);
#pragma unroll
      for (int j = 0; j < HeadTile::kColumnParts; ++j) {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const int64_t d = first_d + tile.column_of(j) + e;
          if (row < head.n && d < head.d) {
            sums.dx[(piece * head.n + row) * head.d + d] = tile.sums[i][j][2 * half + e];
          }
        }
      }
    }
  }
}

inline int64_t backward_mma_workspace(int64_t rows, int64_t columns, int64_t depth) {
  return beyond_memory(rows, columns) || beyond_memory(rows, depth) ? kBeyondMemory : backward_space(nullptr, rows, columns, depth).bytes;
}

inline void run_backward_mma(Exec& exec, const void* arguments) {
  const MarginBackwardCall call = *static_cast<const MarginBackwardCall*>(arguments);
  const Head& head = call.head;
  const BackwardSpace space = backward_space(call.workspace, head.n, call.count, head.d);
  const TileSums& sums = space.sums;
  const int64_t depth_tiles = ceil_div(head.d, kHeadTile);
  launch_check_labels(exec, head, AG_OP_MARGIN_BACKWARD);
  with_space(head, [&](auto kind) {
    using H = decltype(kind);
    launch_round_rows<H>(exec, head, space.x);
    with_whole_rows(head.d, [&](auto whole) {
      constexpr bool kWhole = decltype(whole)::value;
      constexpr int64_t kShared = HeadTile::kSharedBytes;
      AG_LAUNCH(exec, (margin_gradients_mma<H, kWhole>), grid_of(sums.class_tiles * sums.row_tiles), kStripThreads, kShared, call, space);
      AG_LAUNCH(exec, margin_classes_mma<H>, grid_of(sums.class_tiles * depth_tiles), kStripThreads, kShared, call, space);
      AG_LAUNCH(exec, (margin_rows_mma<H, kWhole>), grid_of(sums.pieces * sums.row_tiles * depth_tiles), kStripThreads, kShared, call, space);
    });
    launch_row_sums<H>(exec, call, sums);
  });
}

}  // namespace
}  // namespace angulus::cuda
