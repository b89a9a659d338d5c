// Backward of batch norm with an optional PReLU after it, by the formulas of ../ops/batch_norm.cpp.
//   x, dy, dx (rows, columns) f32; statistics, sums (2, columns); gamma, beta, slope (columns); workspace double (3, blocks, columns)
// A piece is a tile (columns.h), which it takes row after row as they lie in memory. reduce goes kRowsAtOnce rows at a time, their sums in registers, kSumRun
// rows in f32 and the runs in double. Both are bound by memory, 8 and 12 bytes per element; the plain kernels are bound by arithmetic.
#pragma once

#include "batch_norm_tile.h"

namespace {

constexpr int kRowsAtOnce = 4;
constexpr int64_t kSumRun = 32;
static_assert(kSumRun % kRowsAtOnce == 0, "a run is whole groups");

// Adds `rows` rows to the sums (kChunkColumns each) of dv, dv x^ and dy min(v, 0).
template <int rows>
static void add_rows(const float* x, const float* dy, int64_t stride, int width, const BatchNormColumns& columns, float* sum_dv, float* sum_dvx,
                     float* sum_low) {
  for (int j = 0; j < width; j += kLanes) {
    const Mask m = first_lanes(width - j);
    const ColumnVectors c = column_vectors(columns, j);
    Vector all = load(sum_dv + j), along = load(sum_dvx + j), low = load(sum_low + j);
#pragma GCC unroll 4
    for (int i = 0; i < rows; ++i) {
      const Vector gradient = load_masked(m, dy + i * stride + j);
      const Vector normalised = (load_masked(m, x + i * stride + j) - c.mean) * c.inverse;
      const Vector v = fma(normalised, c.gamma, c.beta);
      const Mask positive = above(v, zero());
      const Vector dv = choose(positive, gradient, c.slope * gradient);
      all = all + dv;
      along = fma(dv, normalised, along);
      low = low + choose(positive, zero(), gradient * v);
    }
    store(sum_dv + j, all);
    store(sum_dvx + j, along);
    store(sum_low + j, low);
  }
}

static void reduce_piece(const void* context, int64_t piece, void*) {
  const auto& call = *static_cast<const BatchNormBackwardReduceCall*>(context);
  const BatchNormLayer& layer = call.layer;
  const BatchNormTile tile = batch_norm_tile(layer, piece);
  const int64_t stride = layer.columns, blocks = cut_columns(layer.rows, layer.columns).blocks;
  BatchNormColumns columns = {};
  set_columns(layer, tile.column, tile.width, &columns);
  double* total[3];
  for (int s = 0; s < 3; ++s) {
    total[s] = static_cast<double*>(call.workspace) + (s * blocks + tile.block) * stride + tile.column;
    for (int j = 0; j < tile.width; ++j) total[s][j] = 0;
  }
  for (int64_t first = tile.row; first < tile.row_end; first += kSumRun) {
    float sum[3][kChunkColumns] = {};
    const int64_t last = at_most(first + kSumRun, tile.row_end);
    const float* x = static_cast<const float*>(layer.x) + first * stride + tile.column;
    const float* dy = static_cast<const float*>(call.dy) + first * stride + tile.column;
    int64_t row = first;
    for (; row + kRowsAtOnce <= last; row += kRowsAtOnce, x += kRowsAtOnce * stride, dy += kRowsAtOnce * stride) {
      add_rows<kRowsAtOnce>(x, dy, stride, tile.width, columns, sum[0], sum[1], sum[2]);
    }
    for (; row < last; ++row, x += stride, dy += stride) add_rows<1>(x, dy, stride, tile.width, columns, sum[0], sum[1], sum[2]);
    for (int s = 0; s < 3; ++s) {
      for (int j = 0; j < tile.width; ++j) total[s][j] += double(sum[s][j]);
    }
  }
}

static void input_piece(const void* context, int64_t piece, void*) {
  const auto& call = *static_cast<const BatchNormBackwardInputCall*>(context);
  const BatchNormLayer& layer = call.layer;
  const BatchNormTile tile = batch_norm_tile(layer, piece);
  const int64_t stride = layer.columns;
  BatchNormColumns columns = {};
  set_columns(layer, tile.column, tile.width, &columns);
  float mean_dv[kChunkColumns] = {}, mean_dvx[kChunkColumns] = {};
  const float share = 1.0f / float(layer.rows);
  for (int j = 0; j < tile.width; ++j) {
    mean_dv[j] = call.sums[tile.column + j] * share;
    mean_dvx[j] = call.sums[stride + tile.column + j] * share;
  }
  for (int64_t row = tile.row; row < tile.row_end; ++row) {
    const float* const x = static_cast<const float*>(layer.x) + row * stride + tile.column;
    const float* const dy = static_cast<const float*>(call.dy) + row * stride + tile.column;
    float* const dx = static_cast<float*>(call.dx) + row * stride + tile.column;
    for (int j = 0; j < tile.width; j += kLanes) {
      const Mask m = first_lanes(tile.width - j);
      const ColumnVectors c = column_vectors(columns, j);
      const Vector gradient = load_masked(m, dy + j);
      const Vector normalised = (load_masked(m, x + j) - c.mean) * c.inverse;
      const Vector dv = choose(above(fma(normalised, c.gamma, c.beta), zero()), gradient, c.slope * gradient);
      store_masked(m, dx + j, c.gamma * c.inverse * (dv - load(mean_dv + j) - normalised * load(mean_dvx + j)));
    }
  }
}

static bool batch_norm_reduce_accepts(const void* arguments) { return static_cast<const BatchNormBackwardReduceCall*>(arguments)->layer.type == AG_F32; }

static void batch_norm_reduce_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const BatchNormBackwardReduceCall*>(arguments);
  exec.parallel(exec, batch_norm_pieces(call.layer), reduce_piece, &call);
  finish_batch_norm_backward_reduce(exec, call);
}

static bool batch_norm_input_accepts(const void* arguments) { return static_cast<const BatchNormBackwardInputCall*>(arguments)->layer.type == AG_F32; }

static void batch_norm_input_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const BatchNormBackwardInputCall*>(arguments);
  exec.parallel(exec, batch_norm_pieces(call.layer), input_piece, &call);
}

}  // namespace
