// margin_forward with rows of bf16 on tensor cores (margin_classes_mma.cuh). The row tiles of one class tile stand side by side in the grid: w
// comes from memory once and from the card's cache for the others.
//
//   thread   8 rows x 8 classes of a tile: the largest logit of the 8 first, then one exponential each. The 4 lanes of a row merge by shuffles, the
//            4 warps across by shared memory, the class tiles by a second launch
#pragma once

#include "margin_classes_mma.cuh"
#include "margin_partial.cuh"

namespace angulus::cuda {
namespace {

// Where x~ and the class tiles' partials lie in the workspace.
struct ForwardSpace {
  Bf16* x;
  TilePartials partials;
  int64_t bytes;
};

inline ForwardSpace forward_space(void* workspace, int64_t n, int64_t count, int64_t d) {
  const int64_t rows = n * factor_pitch(d) * static_cast<int64_t>(sizeof(Bf16));
  const int64_t tiles = ceil_div(count, kHeadTile);
  char* const start = static_cast<char*>(workspace);
  return {reinterpret_cast<Bf16*>(start), {reinterpret_cast<float*>(start + rows), n, tiles}, rows + TilePartials::bytes(n, tiles)};
}

template <class H, bool kWhole>
__global__ void __launch_bounds__(kStripThreads, 2) margin_forward_tile(MarginForwardCall call, ForwardSpace space) {
  AG_DYNAMIC_SHARED(Bf16, stages);
  const Head& head = call.head;
  const int64_t row_tiles = ceil_div(head.n, kHeadTile);
  const int64_t class_tile = blockIdx.x / row_tiles;
  const int64_t first_row = blockIdx.x % row_tiles * kHeadTile;
  const int64_t first_class = class_tile * kHeadTile;  // in the range
  HeadTile tile;
  multiply_rows_and_classes<H, kWhole>(head, space.x, first_row, call.first, first_class, call.count, stages, tile);

  __syncthreads();  // nobody reads the stages any more
  Classes* const shared = reinterpret_cast<Classes*>(stages);  // (warps across, rows)
#pragma unroll
  for (int i = 0; i < HeadTile::kRowParts; ++i) {
#pragma unroll
    for (int half = 0; half < 2; ++half) {
      const int64_t row = first_row + tile.row_of(i, half);
      Classes own = no_class();
      if (row < head.n) {
        const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
        const OtherRow others = other_row(head, call.target[static_cast<int64_t>(AG_TARGET_PHI) * head.n + row], scale);
        const int32_t label = head.labels[row];
        float logits[2 * HeadTile::kColumnParts];
        bool counts[2 * HeadTile::kColumnParts];
#pragma unroll
        for (int j = 0; j < HeadTile::kColumnParts; ++j) {
#pragma unroll
          for (int e = 0; e < 2; ++e) {
            const int64_t index = first_class + tile.column_of(j) + e;
            const bool inside = index < call.count;
            const float c = inside ? cosine_of<H, Bf16>(head, tile.sums[i][j][2 * half + e], row, call.first + index) : 0.0f;
            if (inside && call.cosines != nullptr) {
              call.cosines[row * call.count + index] = c;
            }
            const int at = 2 * j + e;
            counts[at] = inside && call.first + index != label;
            logits[at] = logit_of<H>(others, scale, c);
            own.cosines += counts[at] ? c : 0.0f;
            if (counts[at] && logits[at] > own.largest) {
              own.largest = logits[at];
              own.best = static_cast<int32_t>(call.first + index);
            }
          }
        }
#pragma unroll
        for (int at = 0; at < 2 * HeadTile::kColumnParts; ++at) {
          own.sum += counts[at] ? expf(logits[at] - own.largest) : 0.0f;  // not a number stays so, and shows in the loss
        }
      }
      own = warp_merge(own, 4);  // all lanes shuffle, rows past the end too
      if (tile.lane % 4 == 0) {
        shared[tile.column / 32 * kHeadTile + tile.row_of(i, half)] = own;
      }
    }
  }
  __syncthreads();  // a thread for each row merges what the warps across know
  const int64_t row = first_row + threadIdx.x;
  if (threadIdx.x < kHeadTile && row < head.n) {
    Classes all = shared[threadIdx.x];
    for (int warp = 1; warp < HeadTile::kWarpsAcross; ++warp) {
      all = merge(all, shared[warp * kHeadTile + threadIdx.x]);
    }
    space.partials.store(class_tile, row, all);
  }
}

inline int64_t forward_mma_workspace(int64_t rows, int64_t columns, int64_t depth) {
  return beyond_memory(rows, columns) || beyond_memory(rows, depth) ? kBeyondMemory : forward_space(nullptr, rows, columns, depth).bytes;
}

inline void run_forward_mma(Exec& exec, const void* arguments) {
  const MarginForwardCall call = *static_cast<const MarginForwardCall*>(arguments);
  const Head& head = call.head;
  const ForwardSpace space = forward_space(call.workspace, head.n, call.count, head.d);
  const int64_t blocks = ceil_div(head.n, kHeadTile) * space.partials.tiles;
  launch_check_labels(exec, head, AG_OP_MARGIN_FORWARD);
  with_space(head, [&](auto kind) {
    using H = decltype(kind);
    launch_round_rows<H>(exec, head, space.x);
    with_whole_rows(head.d, [&](auto whole) {
      AG_LAUNCH(exec, (margin_forward_tile<H, decltype(whole)::value>), grid_of(blocks), kStripThreads, HeadTile::kSharedBytes, call, space);
    });
  });
  launch_merge(exec, call, space.partials);
}

}  // namespace
}  // namespace angulus::cuda
