// Gradients of the mean loss for the classes j of [first, first + count). With z_ij = S_i c_ij, p_ij = exp(z_ij - log_sum_exp_i) and
// p_y - 1 = expm1(-loss), dz_ij = (p_ij - [j = y]) / N:
//   G_ij = dL/dc_ij = dz_ij S_i, times phi' for j = y;   dscale_i = sum_j dz_ij c_ij, phi for j = y;   dbias_j = sum_i G_ij
//   dx_i = x'_i (sum_j G_ij w^_j - x^_i along_i), along_i = sum_j G_ij c_ij, with v^ = v v', v' = 1 / |v|;
//   dw_j alike with x^ for w^ and the sums over i
// Where the guard holds a length, and for SOFTMAX, there is no projection; SOFTMAX has no lengths either. Where S = |x|
// (MODIFIED_SOFTMAX), dx also gets dscale x^. A row whose label is outside [0, classes) has G = 0, and is a fault of the device.
//
//   x, dx (N,D)   w (classes,D)   dw (count,D)   dbias (count), SOFTMAX only   inverse_w (classes)
//   dscale, inverse_x, log_sum_exp, losses (N)   target (AG_TARGET_ROWS, N)   cosines (N,count), optional: computed again   f32
//   labels (N) int32
//
// margin_backward_f32_tiled_64x64x16   Three matrix products of 64 x 64 tiles with steps of 16 (tile.cuh), 256 threads a block:
//     gradients  N x D times D x count (or the stored cosines), turned into G in registers and stored; sums of a tile's rows by shuffles,
//                of its columns through shared memory
//     classes    G^T (x / |x|): dw, its depth is N
//     rows       G (w / |w|): its depth is count, cut into pieces so that N x D, which is small, fills the card; the last launch adds the
//                pieces in their order
//     bound      FLOPs: 4 D for each (row, class), 6 D without stored cosines. Share of the card's f32 peak: not measured, no card yet.
// margin_backward_f32_plain            One thread, one row of G; then one thread, one number of dw and of dx.
#include "margin_classes.cuh"
#include "norm_functors.h"

namespace angulus::cuda {
namespace {

__device__ inline void put(float* y, float value, int32_t write) { *y = write == AG_ACCUMULATE ? *y + value : value; }

template <class H>
__device__ inline float inverse_x(const Head& head, int64_t row) {
  return H::normalised ? head.inverse_x[row] : 1.0f;
}

template <class H>
__device__ inline float inverse_w(const Head& head, int64_t index) {
  return H::normalised ? head.inverse_w[index] : 1.0f;
}

template <class H>
__device__ inline bool is_free(const Head& head, float inverse) {
  return H::normalised && !length_is_clamped(inverse, head.guard);
}

// What a row's gradients need, read once.
struct Row {
  bool good;
  int32_t label;
  float scale, log_sum_exp, target_dz, phi, dphi;

  __device__ static Row of(const MarginBackwardCall& call, int64_t row) {
    const int64_t n = call.head.n;
    return {label_is_good(call.head, row),
            call.head.labels[row],
            call.target[AG_TARGET_SCALE * n + row],
            call.log_sum_exp[row],
            expm1f(-call.losses[row]) / static_cast<float>(n),
            call.target[AG_TARGET_PHI * n + row],
            call.target[AG_TARGET_DPHI * n + row]};
  }
};

// dL/dc of one class, and its part of dL/dS.
struct Gradient {
  float g, by_scale;

  __device__ static Gradient of(const MarginBackwardCall& call, const Row& row, int64_t index, float c) {
    if (!row.good) {
      return {0.0f, 0.0f};
    }
    if (index == row.label) {
      return {row.target_dz * row.scale * row.dphi, row.target_dz * row.phi};
    }
    const float dz = expf(row.scale * c - row.log_sum_exp) / static_cast<float>(call.head.n);
    return {dz * row.scale, dz * c};
  }
};

// One number of dw: sum = sum_i G_ij x^_i.
template <class H>
__device__ inline void put_dw(const MarginBackwardCall& call, int64_t index, int64_t d, float sum, float along) {
  const Head& head = call.head;
  const float inverse = inverse_w<H>(head, call.first + index);
  const float projection = is_free<H>(head, inverse) ? along * inverse : 0.0f;
  put(call.dw + index * head.d + d, inverse * (sum - head.w[(call.first + index) * head.d + d] * projection), call.write_w);
}

// One number of dx: sum = sum_j G_ij w^_j.
template <class H>
__device__ inline void put_dx(const MarginBackwardCall& call, int64_t row, int64_t d, float sum, float along, float by_scale) {
  const Head& head = call.head;
  const float inverse = inverse_x<H>(head, row);
  const bool free = is_free<H>(head, inverse);
  const float projection = free ? along * inverse : 0.0f;
  const float length = free && H::kind == AG_HEAD_MODIFIED_SOFTMAX ? by_scale * inverse : 0.0f;
  const float x = head.x[row * head.d + d];
  put(call.dx + row * head.d + d, inverse * (sum - x * projection) + x * length, call.write_x);
}

// The workspace of the tiled kernel.
struct Space {
  int64_t class_tiles, row_tiles, pieces, piece_classes;
  float* gradients;   // (N, count): G
  float* of_rows;     // (class tiles, 2, N): sums over a tile's classes of G c and of dz c
  float* of_classes;  // (row tiles, 2, count): sums over a tile's rows of G c and of G
  float* totals;      // (2, N): of_rows, all tiles
  float* dx;          // (pieces, N, D)
  int64_t floats;
};

__host__ __device__ inline Space space_of(void* workspace, int64_t n, int64_t count, int64_t d) {
  constexpr int64_t kMostPieces = 32, kLeastClasses = 512;
  Space space = {};
  space.class_tiles = ceil_div(count, kTile);
  space.row_tiles = ceil_div(n, kTile);
  const int64_t even = ceil_div(ceil_div(count, kMostPieces), kDepth) * kDepth;
  space.piece_classes = even > kLeastClasses ? even : kLeastClasses;
  space.pieces = ceil_div(count, space.piece_classes);
  const int64_t rows = n * count, classes = rows + space.class_tiles * 2 * n, totals = classes + space.row_tiles * 2 * count;
  const int64_t dx = totals + 2 * n;
  space.gradients = static_cast<float*>(workspace);
  space.of_rows = space.gradients + rows;
  space.of_classes = space.gradients + classes;
  space.totals = space.gradients + totals;
  space.dx = space.gradients + dx;
  space.floats = dx + space.pieces * n * d;
  return space;
}

__device__ inline Space space_of(const MarginBackwardCall& call) {
  return space_of(call.workspace, call.head.n, call.count, call.head.d);
}

template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_gradients_tile(MarginBackwardCall call) {
  static_assert(2 * 16 * kTile <= 2 * kStripFloats, "the columns' sums fit where the strips were");
  AG_DYNAMIC_SHARED(float, shared);
  const Head& head = call.head;
  const Space space = space_of(call);
  const int64_t class_tile = blockIdx.x % space.class_tiles;
  const int64_t row_tile = blockIdx.x / space.class_tiles;
  const int64_t first_row = row_tile * kTile;
  const int64_t first_class = class_tile * kTile;  // in the range
  const TileThread self = tile_thread();
  float dots[4][4] = {};
  if (call.cosines == nullptr) {
    multiply_rows_and_classes(head, first_row, call.first, first_class, call.count, self, shared, dots);
  }

  float column_along[4] = {}, column_g[4] = {};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
    float along = 0.0f, by_scale = 0.0f;
    if (row < head.n) {
      const Row own = Row::of(call, row);
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int64_t index = first_class + self.column + 16 * j;
        if (index < call.count) {
          const int64_t at = row * call.count + index;
          const float c = call.cosines == nullptr ? cosine_of<H>(head, dots[i][j], row, call.first + index) : call.cosines[at];
          const Gradient gradient = Gradient::of(call, own, call.first + index, c);
          const float product = own.good ? gradient.g * c : 0.0f;
          space.gradients[at] = gradient.g;
          along += product;
          by_scale += gradient.by_scale;
          column_along[j] += product;
          column_g[j] += gradient.g;
        }
      }
    }
    along = warp_sum(along, 16);  // the 16 threads of a row are one half of a warp; all lanes shuffle, rows past the end too
    by_scale = warp_sum(by_scale, 16);
    if (self.column == 0 && row < head.n) {
      space.of_rows[class_tile * 2 * head.n + row] = along;
      space.of_rows[(class_tile * 2 + 1) * head.n + row] = by_scale;
    }
  }

  // (2, 16, kTile): sums of a thread row's 4 rows.
#pragma unroll
  for (int j = 0; j < 4; ++j) {
    const int at = self.row / 4 * kTile + self.column + 16 * j;
    shared[at] = column_along[j];
    shared[16 * kTile + at] = column_g[j];
  }
  __syncthreads();  // 128 threads add the 16 of each column
  const int which = static_cast<int>(threadIdx.x) / kTile;
  const int column = static_cast<int>(threadIdx.x) % kTile;
  if (which < 2 && first_class + column < call.count) {
    float sum = 0.0f;
    for (int i = 0; i < 16; ++i) {
      sum += shared[(which * 16 + i) * kTile + column];
    }
    space.of_classes[(row_tile * 2 + which) * call.count + first_class + column] = sum;
  }
}

// dw of 64 classes and 64 of D.
template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_classes_tile(MarginBackwardCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const lefts = shared;                  // (kDepth, kPitch): G, row x class
  float* const rights = shared + kStripFloats;  // (kDepth, kPitch): x^, row x d
  const Head& head = call.head;
  const Space space = space_of(call);
  const int64_t depth_tiles = ceil_div(head.d, kTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kTile;
  const int64_t first_class = blockIdx.x / depth_tiles * kTile;
  const TileThread self = tile_thread();
  float sums[4][4] = {};
  for (int64_t start = 0; start < head.n; start += kDepth) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int level = self.level + 4 * j;
      const int64_t row = start + level;
      const int64_t index = first_class + self.across;
      const int64_t d = first_d + self.across;
      lefts[level * kPitch + self.across] = row < head.n && index < call.count ? space.gradients[row * call.count + index] : 0.0f;
      rights[level * kPitch + self.across] = row < head.n && d < head.d ? head.x[row * head.d + d] * inverse_x<H>(head, row) : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(lefts, rights, self, sums);
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t index = first_class + self.row + i;
    if (index < call.count) {
      float along = 0.0f, g = 0.0f;
      for (int64_t tile = 0; tile < space.row_tiles; ++tile) {
        along += space.of_classes[tile * 2 * call.count + index];
        g += space.of_classes[(tile * 2 + 1) * call.count + index];
      }
#pragma unroll
      for (int j = 0; j < 4; ++j) {
        const int64_t d = first_d + self.column + 16 * j;
        if (d < head.d) {
          put_dw<H>(call, index, d, sums[i][j], along);
        }
      }
      if (call.dbias != nullptr && first_d == 0 && self.column == 0) {
        put(call.dbias + index, g, call.write_w);
      }
    }
  }
}

// The part of one piece of the classes in sum_j G_ij w^_j, for 64 rows and 64 of D.
template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_rows_tile(MarginBackwardCall call) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const lefts = shared;                  // (kDepth, kPitch): G, class x row
  float* const rights = shared + kStripFloats;  // (kDepth, kPitch): w^, class x d
  const Head& head = call.head;
  const Space space = space_of(call);
  const int64_t depth_tiles = ceil_div(head.d, kTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kTile;
  const int64_t first_row = blockIdx.x / depth_tiles % space.row_tiles * kTile;
  const int64_t piece = blockIdx.x / depth_tiles / space.row_tiles;
  const int64_t end = min((piece + 1) * space.piece_classes, static_cast<int64_t>(call.count));
  const TileThread self = tile_thread();
  float sums[4][4] = {};
  for (int64_t start = piece * space.piece_classes; start < end; start += kDepth) {
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int line = self.line + 16 * j;
      const int64_t row = first_row + line;
      const int64_t along = start + self.depth;
      lefts[self.depth * kPitch + line] = row < head.n && along < end ? space.gradients[row * call.count + along] : 0.0f;
      const int level = self.level + 4 * j;
      const int64_t index = start + level;
      const int64_t d = first_d + self.across;
      rights[level * kPitch + self.across] =
          index < end && d < head.d ? head.w[(call.first + index) * head.d + d] * inverse_w<H>(head, call.first + index) : 0.0f;
    }
    __syncthreads();  // both strips are whole: everyone reads them
    multiply_strips(lefts, rights, self, sums);
    __syncthreads();  // nobody reads them any more: the next step overwrites
  }
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const int64_t row = first_row + self.row + i;
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const int64_t d = first_d + self.column + 16 * j;
      if (row < head.n && d < head.d) {
        space.dx[(piece * head.n + row) * head.d + d] = sums[i][j];
      }
    }
  }
}

constexpr int kTotalRows = 8;  // of a block, a warp each

// The sums of a row over all class tiles, and dscale.
__global__ void __launch_bounds__(kTotalRows* kWarpSize) margin_row_totals(MarginBackwardCall call) {
  const int64_t n = call.head.n;
  const Space space = space_of(call);
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kTotalRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  float along = 0.0f, by_scale = 0.0f;
  for (int64_t tile = lane; tile < space.class_tiles; tile += kWarpSize) {
    along += space.of_rows[tile * 2 * n + row];
    by_scale += space.of_rows[(tile * 2 + 1) * n + row];
  }
  along = warp_sum(along);
  by_scale = warp_sum(by_scale);
  if (lane == 0) {
    space.totals[row] = along;
    space.totals[n + row] = by_scale;
    put(call.dscale + row, by_scale, call.write_x);
  }
}

// dx from its pieces, in their order: one thread, one number.
template <class H>
__global__ void margin_rows_merge(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t count = static_cast<int64_t>(head.n) * head.d;
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= count) {
    return;
  }
  const Space space = space_of(call);
  float sum = 0.0f;
  for (int64_t piece = 0; piece < space.pieces; ++piece) {
    sum += space.dx[piece * count + at];
  }
  const int64_t row = at / head.d;
  put_dx<H>(call, row, at % head.d, sum, space.totals[row], space.totals[head.n + row]);
}

// The plain kernel's workspace: G (N,count), G c (N,count), the rows' sums of G c and of dz c (2,N).
__device__ inline float* plain_products(const MarginBackwardCall& call) {
  return static_cast<float*>(call.workspace) + static_cast<int64_t>(call.head.n) * call.count;
}
__device__ inline float* plain_rows(const MarginBackwardCall& call) {
  return static_cast<float*>(call.workspace) + 2 * static_cast<int64_t>(call.head.n) * call.count;
}

template <class H>
__global__ void margin_backward_plain_gradients(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= head.n) {
    return;
  }
  const Row own = Row::of(call, row);
  float along = 0.0f, by_scale = 0.0f;
  for (int64_t index = 0; index < call.count; ++index) {
    const int64_t at = row * call.count + index;
    const float c = call.cosines != nullptr
                        ? call.cosines[at]
                        : cosine_of<H>(head, plain_product(head, row, call.first + index), row, call.first + index);
    const Gradient gradient = Gradient::of(call, own, call.first + index, c);
    const float product = own.good ? gradient.g * c : 0.0f;
    static_cast<float*>(call.workspace)[at] = gradient.g;
    plain_products(call)[at] = product;
    along += product;
    by_scale += gradient.by_scale;
  }
  plain_rows(call)[row] = along;
  plain_rows(call)[head.n + row] = by_scale;
  put(call.dscale + row, by_scale, call.write_x);
}

template <class H>
__global__ void margin_backward_plain_classes(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t index = thread / head.d;
  const int64_t d = thread % head.d;
  if (index >= call.count) {
    return;
  }
  float sum = 0.0f, along = 0.0f, bias = 0.0f;
  for (int64_t row = 0; row < head.n; ++row) {
    const float g = static_cast<const float*>(call.workspace)[row * call.count + index];
    sum += g * (head.x[row * head.d + d] * inverse_x<H>(head, row));
    along += plain_products(call)[row * call.count + index];
    bias += g;
  }
  put_dw<H>(call, index, d, sum, along);
  if (call.dbias != nullptr && d == 0) {
    put(call.dbias + index, bias, call.write_w);
  }
}

template <class H>
__global__ void margin_backward_plain_rows(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t row = thread / head.d;
  const int64_t d = thread % head.d;
  if (row >= head.n) {
    return;
  }
  float sum = 0.0f;
  for (int64_t index = 0; index < call.count; ++index) {
    const int64_t one = call.first + index;
    sum += static_cast<const float*>(call.workspace)[row * call.count + index] * (head.w[one * head.d + d] * inverse_w<H>(head, one));
  }
  put_dx<H>(call, row, d, sum, plain_rows(call)[row], plain_rows(call)[head.n + row]);
}

bool accepts(const void* call) { return static_cast<const MarginBackwardCall*>(call)->head.type == AG_F32; }

int64_t tiled_workspace(int64_t rows, int64_t columns, int64_t depth) {
  if (beyond_memory(rows, columns) || beyond_memory(rows, depth)) {
    return kBeyondMemory;
  }
  return space_of(nullptr, rows, columns, depth).floats * static_cast<int64_t>(sizeof(float));
}

int64_t plain_workspace(int64_t rows, int64_t columns, int64_t) {
  return beyond_memory(rows, columns) ? kBeyondMemory : (2 * rows * columns + 2 * rows) * static_cast<int64_t>(sizeof(float));
}

void run_tiled(Exec& exec, const void* arguments) {
  const MarginBackwardCall call = *static_cast<const MarginBackwardCall*>(arguments);
  const Head& head = call.head;
  const Space space = space_of(nullptr, head.n, call.count, head.d);
  const int64_t depth_tiles = ceil_div(head.d, kTile);
  launch_check_labels(exec, head, AG_OP_MARGIN_BACKWARD);
  with_head(head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_gradients_tile<H>, grid_of(space.row_tiles * space.class_tiles), kTileThreads, kTileSharedBytes, call);
    AG_LAUNCH(exec, margin_classes_tile<H>, grid_of(space.class_tiles * depth_tiles), kTileThreads, kTileSharedBytes, call);
    AG_LAUNCH(exec, margin_rows_tile<H>, grid_of(space.pieces * space.row_tiles * depth_tiles), kTileThreads, kTileSharedBytes, call);
    AG_LAUNCH(exec, margin_row_totals, grid_of(ceil_div(head.n, kTotalRows)), kTotalRows * kWarpSize, 0, call);
    AG_LAUNCH(exec, margin_rows_merge<H>, grid_of(ceil_div(static_cast<int64_t>(head.n) * head.d, 256)), 256, 0, call);
  });
}

void run_plain(Exec& exec, const void* arguments) {
  const MarginBackwardCall call = *static_cast<const MarginBackwardCall*>(arguments);
  const int64_t d = call.head.d;
  launch_check_labels(exec, call.head, AG_OP_MARGIN_BACKWARD);
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_backward_plain_gradients<H>, grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
    AG_LAUNCH(exec, margin_backward_plain_classes<H>, grid_of(ceil_div(call.count * d, 128)), 128, 0, call);
    AG_LAUNCH(exec, margin_backward_plain_rows<H>, grid_of(ceil_div(call.head.n * d, 128)), 128, 0, call);
  });
}

constexpr Kernel kKernels[] = {
    {"margin_backward_f32_tiled_64x64x16", nullptr, accepts, tiled_workspace, run_tiled},
    {"margin_backward_f32_plain", nullptr, accepts, plain_workspace, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList margin_backward_kernels = {kKernels, 2};

}  // namespace angulus::cuda
