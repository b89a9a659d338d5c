// What the kernels of margin_backward share: G of a row and a class, one number of dw and of dx, and the sums of tiles on their way to them.
#pragma once

#include "margin_classes.cuh"
#include "norm_functors.h"

namespace angulus::cuda {
namespace {

__device__ inline void put(float* y, float value, int32_t write) { *y = write == AG_ACCUMULATE ? *y + value : value; }

template <class H>
__device__ inline bool is_free(const Head& head, float inverse) {
  return H::normalised && !length_is_clamped(inverse, head.guard);
}

// dL/dz_y of a row with a good label.
__device__ inline float target_dz(const MarginBackwardCall& call, int64_t row) {
  return (is_sum(call.head.others) ? call.log_sum_exp[row] : expm1f(-call.losses[row])) / static_cast<float>(call.head.n);
}

// What a row's gradients need, read once.
struct Row {
  bool good;
  int32_t label;
  float scale, log_sum_exp, target_dz, phi, dphi, dclass_length;
  OtherRow others;

  __device__ static Row of(const MarginBackwardCall& call, int64_t row) {
    const int64_t n = call.head.n;
    const float scale = call.target[AG_TARGET_SCALE * n + row];
    const float phi = call.target[AG_TARGET_PHI * n + row];
    return {label_is_good(call.head, row),
            call.head.labels[row],
            scale,
            call.log_sum_exp[row],
            cuda::target_dz(call, row),
            phi,
            call.target[AG_TARGET_DPHI * n + row],
            call.target[AG_TARGET_DCLASS_LENGTH * n + row],
            other_row(call.head, phi, scale)};
  }
};

// dL/dz and dL/dc of one class, and its part of dL/dS.
struct Gradient {
  float dz, g, by_scale;

  template <class H>
  __device__ static Gradient of(const MarginBackwardCall& call, const Row& row, int64_t index, float c) {
    if (!row.good) {
      return {0.0f, 0.0f, 0.0f};
    }
    if (index == row.label) {
      return {row.target_dz, row.target_dz * row.scale * row.dphi, row.target_dz * row.phi};
    }
    const OtherLogit logit = H::bent ? other_logit(row.others, c) : OtherLogit{c, 1.0f};
    const float z = row.scale * logit.t;
    const bool sums = H::bent && is_sum(row.others.kind);
    const float dz = (sums ? other_pull(row.others, z + row.others.offset) : expf(z - row.log_sum_exp)) / static_cast<float>(call.head.n);
    return {dz, H::bent ? dz * row.scale * logit.slope : dz * row.scale, dz * logit.t};
  }
};

// What a class adds to the sums of G c of its row and its vector: the parts of x^ and w^ that their gradients lose. g: as it enters the products. Where c is
// no cosine, L_SOFTMAX's target adds what comes through |w_y| instead.
template <class H>
__device__ inline float along_of(const Row& row, int64_t index, float g, float c) {
  if (!row.good) {
    return 0.0f;
  }
  return H::normalised ? g * c : index == row.label ? -row.target_dz * row.dclass_length : 0.0f;
}

// One number of dw: sum = sum_i G_ij x^_i. index: of a vector of the range.
template <class H>
__device__ inline void put_dw(const MarginBackwardCall& call, int64_t index, int64_t d, float sum, float along) {
  const Head& head = call.head;
  const int64_t vector = static_cast<int64_t>(call.first) * head.centres + index;
  const float length = head.inverse_w != nullptr ? head.inverse_w[vector] : 1.0f;
  const bool free = head.inverse_w != nullptr && !length_is_clamped(length, head.guard);
  const float projection = free ? along * length : 0.0f;
  put(call.dw + index * head.d + d, inverse_w<H>(head, vector) * (sum - head.w[vector * head.d + d] * projection), call.write_w);
}

// dL/d|x| / |x|: by S where S = |x|, and by what else the target has of the length.
__device__ inline float row_length(const MarginBackwardCall& call, int64_t row, float by_scale) {
  const Head& head = call.head;
  if (head.inverse_x == nullptr || length_is_clamped(head.inverse_x[row], head.guard)) {
    return 0.0f;
  }
  const int64_t n = head.n;
  float length = head.scale_is_length ? by_scale : 0.0f;
  const int64_t label = head.labels[row];
  if (label >= call.first && label < static_cast<int64_t>(call.first) + call.count) {
    length += target_dz(call, row) * call.target[AG_TARGET_DLENGTH * n + row];
    length += call.target[AG_TARGET_DPENALTY * n + row] / static_cast<float>(n);
  }
  return length * head.inverse_x[row];
}

// One number of dx: sum = sum_j G_ij w^_j.
template <class H>
__device__ inline void put_dx(const MarginBackwardCall& call, int64_t row, int64_t d, float sum, float along, float by_scale) {
  const Head& head = call.head;
  const float inverse = inverse_x<H>(head, row);
  const bool free = is_free<H>(head, inverse);
  const float projection = free ? along * inverse : 0.0f;
  const float length = row_length(call, row, by_scale);
  const float x = head.x[row * head.d + d];
  put(call.dx + row * head.d + d, inverse * (sum - x * projection) + x * length, call.write_x);
}

// Sums of tiles in the workspace, f32. A tile is of some rows and some classes, a piece of some classes.
struct TileSums {
  int64_t class_tiles, row_tiles, pieces, piece_classes;
  float* of_rows;     // (class tiles, 2, N): sums over a tile's classes of G c and of dz c
  float* of_classes;  // (row tiles, 2, count): sums over a tile's rows of G c and of G
  float* totals;      // (2, N): of_rows, all tiles
  float* dx;          // (pieces, N, D): sum_j G_ij w^_j over the piece

  // Places them from `start` on.
  static TileSums of(float* start, int64_t n, int64_t count, int64_t class_tiles, int64_t row_tiles, int64_t piece_classes) {
    TileSums sums = {class_tiles, row_tiles, ceil_div(count, piece_classes), piece_classes, start, nullptr, nullptr, nullptr};
    sums.of_classes = sums.of_rows + class_tiles * 2 * n;
    sums.totals = sums.of_classes + row_tiles * 2 * count;
    sums.dx = sums.totals + 2 * n;
    return sums;
  }
  const float* end(int64_t n, int64_t d) const { return dx + pieces * n * d; }

  // G c and G of a class, all rows: the row tiles in their order.
  __device__ void of_class(int64_t count, int64_t index, float& along, float& g) const {
    along = 0.0f;
    g = 0.0f;
    for (int64_t tile = 0; tile < row_tiles; ++tile) {
      along += of_classes[tile * 2 * count + index];
      g += of_classes[(tile * 2 + 1) * count + index];
    }
  }
};

constexpr int kTotalRows = 8;  // of a block, a warp each

// The sums of a row over all class tiles, and dscale.
__global__ void __launch_bounds__(kTotalRows* kWarpSize) margin_row_totals(MarginBackwardCall call, TileSums sums) {
  const int64_t n = call.head.n;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kTotalRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  float along = 0.0f, by_scale = 0.0f;
  for (int64_t tile = lane; tile < sums.class_tiles; tile += kWarpSize) {
    along += sums.of_rows[tile * 2 * n + row];
    by_scale += sums.of_rows[(tile * 2 + 1) * n + row];
  }
  along = warp_sum(along);
  by_scale = warp_sum(by_scale);
  if (lane == 0) {
    sums.totals[row] = along;
    sums.totals[n + row] = by_scale;
    put(call.dscale + row, by_scale, call.write_x);
  }
}

// dx from its pieces, in their order: one thread, one number.
template <class H>
__global__ void margin_rows_merge(MarginBackwardCall call, TileSums sums) {
  const Head& head = call.head;
  const int64_t count = static_cast<int64_t>(head.n) * head.d;
  const int64_t at = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (at >= count) {
    return;
  }
  float sum = 0.0f;
  for (int64_t piece = 0; piece < sums.pieces; ++piece) {
    sum += sums.dx[piece * count + at];
  }
  const int64_t row = at / head.d;
  put_dx<H>(call, row, at % head.d, sum, sums.totals[row], sums.totals[head.n + row]);
}

// The last two launches: dscale and dx.
template <class H>
void launch_row_sums(Exec& exec, const MarginBackwardCall& summed, const TileSums& of) {
  const MarginBackwardCall call = summed;
  const TileSums sums = of;
  AG_LAUNCH(exec, margin_row_totals, grid_of(ceil_div(call.head.n, kTotalRows)), kTotalRows * kWarpSize, 0, call, sums);
  AG_LAUNCH(exec, margin_rows_merge<H>, grid_of(ceil_div(static_cast<int64_t>(call.head.n) * call.head.d, 256)), 256, 0, call, sums);
}

}  // namespace
}  // namespace angulus::cuda
