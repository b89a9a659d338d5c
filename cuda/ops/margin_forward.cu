// For row i and the classes j of [first, first + count): c_ij = head(<w_j, x_i>), z_ij = S_i c_ij; over the j other than the row's label:
// the largest z, the sum of exp(z - largest), the sum of c, and the class of the largest (the lower one of equals).
//
//   x (N,D)   w (classes,D)   bias, inverse_w (classes)   inverse_x, labels (N)   target (AG_TARGET_ROWS, N): S is read
//   cosines (N,count), optional   partial (AG_PARTIAL_ROWS, N)   best (N) int32   workspace (class tiles, 4, N)   f32
//
// margin_forward_f32_tiled_64x64x16   The matrix product N x D times D x count whose result is reduced while it stands in registers: the
//     N x count logits are never written unless the cosines are asked for.
//     block   256 threads, 64 rows x 64 classes; steps of 16 along D, both strips brought to shared memory (8.5 KiB)
//     thread  4 x 4 cosines; the 16 threads of a row merge (largest, sum, sum of c, class) by shuffles in the half-warp
//     second launch: one thread for each row merges the class tiles in their order
//     bound   FLOPs: 2 D for each (row, class). Share of the card's f32 peak: not measured, no card yet.
// margin_forward_f32_plain            One thread, one row, a loop over the classes. Any size.
#include "margin_classes.cuh"

namespace angulus::cuda {
namespace {

// What is known of a row after some of its classes. No class yet: largest = -inf, best = -1.
struct Classes {
  float largest, sum, cosines;
  int32_t best;
};

__device__ inline Classes no_class() { return {-INFINITY, 0.0f, 0.0f, -1}; }

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

__device__ inline Classes merge(const Classes& a, const Classes& b) {
  const bool second = b.largest > a.largest || (b.largest == a.largest && static_cast<uint32_t>(b.best) < static_cast<uint32_t>(a.best));
  const float largest = second ? b.largest : a.largest;
  Classes all = {largest, a.sum + b.sum, a.cosines + b.cosines, second ? b.best : a.best};
  if (largest > -INFINITY) {
    all.sum = a.sum * expf(a.largest - largest) + b.sum * expf(b.largest - largest);
  }
  return all;
}

__device__ inline Classes shuffle_xor(const Classes& row, int lanes) {
  return {__shfl_xor_sync(kFullWarp, row.largest, lanes), __shfl_xor_sync(kFullWarp, row.sum, lanes),
          __shfl_xor_sync(kFullWarp, row.cosines, lanes), __shfl_xor_sync(kFullWarp, row.best, lanes)};
}

__device__ inline void store(const MarginForwardCall& call, int64_t row, const Classes& all) {
  const int64_t n = call.head.n;
  call.partial[AG_PARTIAL_MAX * n + row] = all.largest;
  call.partial[AG_PARTIAL_SUM * n + row] = all.sum;
  call.partial[AG_PARTIAL_COSINE * n + row] = all.cosines;
  call.best[row] = all.best;
}

// The partial of one class tile in the workspace: three rows of f32 and one of int32.
__device__ inline float* tile_partial(const MarginForwardCall& call, int64_t tile, int64_t row) {
  return static_cast<float*>(call.workspace) + tile * 4 * call.head.n + row;
}

template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_forward_f32_tiled_64x64x16(MarginForwardCall call) {
  AG_DYNAMIC_SHARED(float, strips);
  const Head& head = call.head;
  const int64_t class_tiles = ceil_div(call.count, kTile);
  const int64_t class_tile = blockIdx.x % class_tiles;
  const int64_t first_row = blockIdx.x / class_tiles * kTile;
  const int64_t first_class = class_tile * kTile;  // in the range
  const TileThread self = tile_thread();

  float sums[4][4] = {};
  multiply_rows_and_classes(head, first_row, call.first, first_class, call.count, self, strips, sums);

#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
    Classes own = no_class();
    if (row < head.n) {
      const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
      const int32_t label = head.labels[row];
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int64_t index = first_class + self.column + 16 * j;
        if (index < call.count) {
          const float c = cosine_of<H>(head, sums[i][j], row, call.first + index);
          if (call.cosines != nullptr) {
            call.cosines[row * call.count + index] = c;
          }
          if (call.first + index != label) {
            add_class(own, scale * c, c, static_cast<int32_t>(call.first + index));
          }
        }
      }
    }
#pragma unroll
    for (int lanes = 8; lanes > 0;
         lanes /= 2) {  // the 16 threads of a row are one half of a warp; all lanes shuffle, rows past the end too
      own = merge(own, shuffle_xor(own, lanes));
    }
    if (self.column == 0 && row < head.n) {
      float* const partial = tile_partial(call, class_tile, row);
      partial[0] = own.largest;
      partial[head.n] = own.sum;
      partial[2 * static_cast<int64_t>(head.n)] = own.cosines;
      *reinterpret_cast<int32_t*>(partial + 3 * static_cast<int64_t>(head.n)) = own.best;
    }
  }
}

__global__ void margin_forward_merge(MarginForwardCall call) {
  const int64_t n = call.head.n;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= n) {
    return;
  }
  const int64_t tiles = ceil_div(call.count, kTile);
  Classes all = no_class();
  for (int64_t tile = 0; tile < tiles; ++tile) {
    const float* const partial = tile_partial(call, tile, row);
    all = merge(all, {partial[0], partial[n], partial[2 * n], *reinterpret_cast<const int32_t*>(partial + 3 * n)});
  }
  store(call, row, all);
}

template <class H>
__global__ void margin_forward_f32_plain(MarginForwardCall call) {
  const Head& head = call.head;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= head.n) {
    return;
  }
  const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
  Classes all = no_class();
  for (int64_t index = 0; index < call.count; ++index) {
    const float c = cosine_of<H>(head, plain_product(head, row, call.first + index), row, call.first + index);
    if (call.cosines != nullptr) {
      call.cosines[row * call.count + index] = c;
    }
    if (call.first + index != head.labels[row]) {
      add_class(all, scale * c, c, static_cast<int32_t>(call.first + index));
    }
  }
  store(call, row, all);
}

bool accepts(const void* call) { return static_cast<const MarginForwardCall*>(call)->head.type == AG_F32; }

int64_t tiled_workspace(int64_t rows, int64_t columns, int64_t) {
  return beyond_memory(rows, columns) ? kBeyondMemory : ceil_div(columns, kTile) * 4 * rows * static_cast<int64_t>(sizeof(float));
}

void run_tiled(Exec& exec, const void* arguments) {
  const MarginForwardCall call = *static_cast<const MarginForwardCall*>(arguments);
  const int64_t blocks = ceil_div(call.head.n, kTile) * ceil_div(call.count, kTile);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_FORWARD);
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_forward_f32_tiled_64x64x16<H>, grid_of(blocks), kTileThreads, kTileSharedBytes, call);
  });
  AG_LAUNCH(exec, margin_forward_merge, grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const MarginForwardCall call = *static_cast<const MarginForwardCall*>(arguments);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_FORWARD);
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_forward_f32_plain<H>, grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
  });
}

constexpr Kernel kKernels[] = {
    {"margin_forward_f32_tiled_64x64x16", nullptr, accepts, tiled_workspace, run_tiled},
    {"margin_forward_f32_plain", nullptr, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList margin_forward_kernels = {kKernels, 2};

}  // namespace angulus::cuda
