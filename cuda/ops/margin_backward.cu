// Gradients of the mean loss for the classes j of [first, first + count). With z_ij = S_i c_ij, p_ij = exp(z_ij - log_sum_exp_i) and
// p_y - 1 = expm1(-loss), dz_ij = (p_ij - [j = y]) / N:
//   G_ij = dL/dc_ij = dz_ij S_i t'(c_ij), phi' for j = y;   dscale_i = sum_j dz_ij t(c_ij), phi for j = y;   dbias_j = sum_i dz_ij
//   dx_i = x'_i (sum_j G_ij w^_j - x^_i along_i), along_i = sum_j G_ij c_ij, with v^ = v v', v' = 1 / |v|;
//   dw_j alike with x^ for w^ and the sums over i
// Where the guard holds a length, and where c is no cosine, there is no projection; SOFTMAX has no lengths either. dx also gets dL/d|x| x^: dscale where S = |x|,
// and the target's dlength and dpenalty; L_SOFTMAX's dw gets dL/d|w_y| w^_y. A row whose label is outside [0, classes) has G = 0, and is a fault of the device.
// Losses that are sums over the classes (margin_others.h), several centres of a class and SPHEREFACE's NORMALISED gradient are the plain kernel's.
//
//   x, dx (N,D)   w (classes,D)   dw (count,D)   dbias (count), SOFTMAX only   inverse_w (classes)
//   dscale, inverse_x, log_sum_exp, losses (N)   target (AG_TARGET_ROWS, N)   cosines (N,count), optional: computed again   f32
//   labels (N) int32
//
// margin_backward_bf16_mma_128x128x32   The same three products on tensor cores: margin_backward_mma.cuh. Every factor is rounded to bf16, G too: half
//                of what it would take in memory, and no second product for its lower half. bf16 has the exponents of f32, so a p of 1e-30 keeps
//                its 8 bits as one of 0.5 does, and so does p_y - 1. Each G_ij errs by at most 2^-8 of itself, independently of the others, as
//                each number of x^ and w^ does: the error of dx and dw grows by the root of 2. What is no product of rows stays f32: the sums of
//                dz c and of G; that of G c takes the rounded G, so that dx is as orthogonal to x as the products are exact
//     bound      the tensor cores: 4 D for each (row, class), 6 D without stored cosines. Not measured.
// margin_backward_f32_tiled_64x64x16   Three matrix products of 64 x 64 tiles with steps of 16 (tile.cuh), 256 threads a block:
//     gradients  N x D times D x count (or the stored cosines), turned into G in registers and stored; sums of a tile's rows by shuffles,
//                of its columns through shared memory
//     classes    G^T (x / |x|): dw, its depth is N
//     rows       G (w / |w|): its depth is count, cut into pieces so that N x D, which is small, fills the card; the last launch adds the
//                pieces in their order
//     bound      FLOPs: 4 D for each (row, class), 6 D without stored cosines. Share of the card's f32 peak: not measured.
// margin_backward_{f32,bf16}_plain     One thread, one row of G; then one thread, one number of dw and of dx.
#include "margin_backward_mma.cuh"
#include "margin_gradient.cuh"

namespace angulus::cuda {
namespace {

// The workspace of the tiled kernel.
struct TiledSpace {
  float* gradients;  // (N, count): G
  TileSums sums;
  int64_t floats;
};

TiledSpace tiled_space(void* workspace, int64_t n, int64_t count, int64_t d) {
  constexpr int64_t kMostPieces = 32, kLeastClasses = 512;
  const int64_t even = ceil_div(ceil_div(count, kMostPieces), kDepth) * kDepth;
  float* const start = static_cast<float*>(workspace);
  const TileSums sums =
      TileSums::of(start + n * count, n, count, ceil_div(count, kTile), ceil_div(n, kTile), even > kLeastClasses ? even : kLeastClasses);
  return {start, sums, sums.end(n, d) - start};
}

template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_gradients_tile(MarginBackwardCall call, TiledSpace space) {
  static_assert(2 * 16 * kTile <= 2 * kStripFloats, "the columns' sums fit where the strips were");
  AG_DYNAMIC_SHARED(float, shared);
  const Head& head = call.head;
  const int64_t class_tile = blockIdx.x % space.sums.class_tiles;
  const int64_t row_tile = blockIdx.x / space.sums.class_tiles;
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
          const float c = call.cosines == nullptr ? cosine_of<H, float>(head, dots[i][j], row, call.first + index) : call.cosines[at];
          const Gradient gradient = Gradient::of<H>(call, own, call.first + index, c);
          const float product = along_of<H>(own, call.first + index, gradient.g, c);
          space.gradients[at] = gradient.g;
          along += product;
          by_scale += gradient.by_scale;
          column_along[j] += product;
          column_g[j] += gradient.dz;
        }
      }
    }
    along = warp_sum(along, 16);  // the 16 threads of a row are one half of a warp; all lanes shuffle, rows past the end too
    by_scale = warp_sum(by_scale, 16);
    if (self.column == 0 && row < head.n) {
      space.sums.of_rows[class_tile * 2 * head.n + row] = along;
      space.sums.of_rows[(class_tile * 2 + 1) * head.n + row] = by_scale;
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
    space.sums.of_classes[(row_tile * 2 + which) * call.count + first_class + column] = sum;
  }
}

// dw of 64 classes and 64 of D.
template <class H>
__global__ void __launch_bounds__(kTileThreads) margin_classes_tile(MarginBackwardCall call, TiledSpace space) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const lefts = shared;                  // (kDepth, kPitch): G, row x class
  float* const rights = shared + kStripFloats;  // (kDepth, kPitch): x^, row x d
  const Head& head = call.head;
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
      float along, g;
      space.sums.of_class(call.count, index, along, g);
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
__global__ void __launch_bounds__(kTileThreads) margin_rows_tile(MarginBackwardCall call, TiledSpace space) {
  AG_DYNAMIC_SHARED(float, shared);
  float* const lefts = shared;                  // (kDepth, kPitch): G, class x row
  float* const rights = shared + kStripFloats;  // (kDepth, kPitch): w^, class x d
  const Head& head = call.head;
  const int64_t depth_tiles = ceil_div(head.d, kTile);
  const int64_t first_d = blockIdx.x % depth_tiles * kTile;
  const int64_t first_row = blockIdx.x / depth_tiles % space.sums.row_tiles * kTile;
  const int64_t piece = blockIdx.x / depth_tiles / space.sums.row_tiles;
  const int64_t end = min((piece + 1) * space.sums.piece_classes, static_cast<int64_t>(call.count));
  const TileThread self = tile_thread();
  float sums[4][4] = {};
  for (int64_t start = piece * space.sums.piece_classes; start < end; start += kDepth) {
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
        space.sums.dx[(piece * head.n + row) * head.d + d] = sums[i][j];
      }
    }
  }
}

// The plain kernel's workspace: G and c (N,count), the rows' sums of G c and of dz c (2,N), the centre that gave c (N,count) in a byte each.
__device__ inline float* plain_gradients(const MarginBackwardCall& call) { return static_cast<float*>(call.workspace); }
__device__ inline float* plain_cosines(const MarginBackwardCall& call) {
  return plain_gradients(call) + static_cast<int64_t>(call.head.n) * call.count;
}
__device__ inline float* plain_rows(const MarginBackwardCall& call) { return plain_cosines(call) + static_cast<int64_t>(call.head.n) * call.count; }
__device__ inline uint8_t* plain_centres(const MarginBackwardCall& call) { return reinterpret_cast<uint8_t*>(plain_rows(call) + 2 * call.head.n); }

template <class H, class T>
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
    Centre nearest = {};
    if (call.cosines != nullptr && head.centres == 1) {
      nearest.c = call.cosines[at];
    } else {
      nearest = plain_cosine<H, T>(head, row, call.first + index);
    }
    const float c = nearest.c;
    const Gradient gradient = Gradient::of<H>(call, own, call.first + index, c);
    plain_gradients(call)[at] = gradient.g;
    plain_cosines(call)[at] = c;
    plain_centres(call)[at] = static_cast<uint8_t>(nearest.index);
    along += along_of<H>(own, call.first + index, factor<T>(gradient.g), c);
    by_scale += gradient.by_scale;
  }
  plain_rows(call)[row] = along;
  plain_rows(call)[head.n + row] = by_scale;
  put(call.dscale + row, by_scale, call.write_x);
}

template <class H, class T>
__global__ void margin_backward_plain_classes(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t vector = thread / head.d;
  const int64_t index = vector / head.centres;
  const int64_t d = thread % head.d;
  if (index >= call.count) {
    return;
  }
  float sum = 0.0f, along = 0.0f, bias = 0.0f;
  for (int64_t row = 0; row < head.n; ++row) {
    const int64_t at = row * call.count + index;
    const float c = plain_cosines(call)[at];
    const Row own = Row::of(call, row);
    if (call.dbias != nullptr && d == 0) {
      bias += Gradient::of<H>(call, own, call.first + index, c).dz;
    }
    if (plain_centres(call)[at] == vector % head.centres) {
      const float g = factor<T>(plain_gradients(call)[at]);
      sum += g * factor<T>(head.x[row * head.d + d] * inverse_x<H>(head, row));
      along += along_of<H>(own, call.first + index, g, c);
    }
  }
  put_dw<H>(call, vector, d, sum, along);
  if (call.dbias != nullptr && d == 0) {
    put(call.dbias + index, bias, call.write_w);
  }
}

template <class H, class T>
__global__ void margin_backward_plain_rows(MarginBackwardCall call) {
  const Head& head = call.head;
  const int64_t thread = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  const int64_t row = thread / head.d;
  const int64_t d = thread % head.d;
  if (row >= head.n) {
    return;
  }
  const float scale = call.target[static_cast<int64_t>(AG_TARGET_SCALE) * head.n + row];
  const float turn = label_is_good(head, row) ? target_dz(call, row) * scale * call.target[static_cast<int64_t>(AG_TARGET_TURN) * head.n + row] : 0.0f;
  float sum = 0.0f;
  for (int64_t index = 0; index < call.count; ++index) {
    const int64_t at = row * call.count + index;
    const int64_t one = (call.first + index) * head.centres + plain_centres(call)[at];
    const float g = plain_gradients(call)[at] + (call.first + index == head.labels[row] ? turn : 0.0f);
    sum += factor<T>(g) * factor<T>(head.w[one * head.d + d] * inverse_w<H>(head, one));
  }
  put_dx<H>(call, row, d, sum, plain_rows(call)[row], plain_rows(call)[head.n + row]);
}

int64_t tiled_workspace(int64_t rows, int64_t columns, int64_t depth) {
  if (beyond_memory(rows, columns) || beyond_memory(rows, depth)) {
    return kBeyondMemory;
  }
  return tiled_space(nullptr, rows, columns, depth).floats * static_cast<int64_t>(sizeof(float));
}

int64_t plain_workspace(int64_t rows, int64_t columns, int64_t) {
  return beyond_memory(rows, columns) ? kBeyondMemory : (2 * rows * columns + 2 * rows) * static_cast<int64_t>(sizeof(float)) + rows * columns;
}

void run_tiled(Exec& exec, const void* arguments) {
  const MarginBackwardCall call = *static_cast<const MarginBackwardCall*>(arguments);
  const Head& head = call.head;
  const TiledSpace space = tiled_space(call.workspace, head.n, call.count, head.d);
  const TileSums& sums = space.sums;
  const int64_t depth_tiles = ceil_div(head.d, kTile);
  launch_check_labels(exec, head, AG_OP_MARGIN_BACKWARD);
  with_space(head, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_gradients_tile<H>, grid_of(sums.row_tiles * sums.class_tiles), kTileThreads, kTileSharedBytes, call, space);
    AG_LAUNCH(exec, margin_classes_tile<H>, grid_of(sums.class_tiles * depth_tiles), kTileThreads, kTileSharedBytes, call, space);
    AG_LAUNCH(exec, margin_rows_tile<H>, grid_of(sums.pieces * sums.row_tiles * depth_tiles), kTileThreads, kTileSharedBytes, call, space);
    launch_row_sums<H>(exec, call, sums);
  });
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const MarginBackwardCall call = *static_cast<const MarginBackwardCall*>(arguments);
  const int64_t d = call.head.d;
  launch_check_labels(exec, call.head, AG_OP_MARGIN_BACKWARD);
  with_space(call.head, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, (margin_backward_plain_gradients<H, T>), grid_of(ceil_div(call.head.n, 128)), 128, 0, call);
    AG_LAUNCH(exec, (margin_backward_plain_classes<H, T>), grid_of(ceil_div(call.count * call.head.centres * d, 128)), 128, 0, call);
    AG_LAUNCH(exec, (margin_backward_plain_rows<H, T>), grid_of(ceil_div(call.head.n * d, 128)), 128, 0, call);
  });
}

// The tiles have one G for dx and dw: not those of SPHEREFACE's NORMALISED gradient.
template <class T>
bool has_tiles(const void* call) {
  return head_has_tiles<MarginBackwardCall, T>(call) && !head_turns(static_cast<const MarginBackwardCall*>(call)->head);
}

constexpr auto is_f32 = head_is<MarginBackwardCall, float>;
constexpr auto is_bf16 = head_is<MarginBackwardCall, Bf16>;
constexpr Kernel kKernels[] = {
    {"margin_backward_bf16_mma_128x128x32", kH200, has_tiles<Bf16>, backward_mma_workspace, run_backward_mma},
    {"margin_backward_f32_tiled_64x64x16", kH200, has_tiles<float>, tiled_workspace, run_tiled},
    {"margin_backward_bf16_plain", kH200, is_bf16, plain_workspace, run_plain<Bf16>},
    {"margin_backward_f32_plain", kH200, is_f32, plain_workspace, run_plain<float>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList margin_backward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
