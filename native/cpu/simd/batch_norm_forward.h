// Forward of batch norm with an optional PReLU and sum after it, by the formula of ../ops/batch_norm.cpp and to the bits of the plain kernel: what is
// compiled from this is not contracted to fused multiply-adds (CMakeLists.txt).
//   x, residual, y (rows, columns) f32; statistics (2, columns); gamma, beta, slope (columns)
// Bound by memory, 8 bytes per element, 12 with a residual; the plain kernel is bound by arithmetic.
#pragma once

#include "batch_norm_tile.h"

namespace {

template <bool adds>
static void forward_rows(const BatchNormForwardCall& call, const BatchNormTile& tile, const BatchNormColumns& columns) {
  for (int64_t row = tile.row; row < tile.row_end; ++row) {
    const int64_t at = row * call.layer.columns + tile.column;
    const float* const x = static_cast<const float*>(call.layer.x) + at;
    const float* const residual = adds ? static_cast<const float*>(call.residual) + at : nullptr;
    float* const y = static_cast<float*>(call.y) + at;
    for (int j = 0; j < tile.width; j += kLanes) {
      const Mask m = first_lanes(tile.width - j);
      const ColumnVectors c = column_vectors(columns, j);
      const Vector v = (load_masked(m, x + j) - c.mean) * c.inverse * c.gamma + c.beta;
      const Vector activated = choose(above(v, zero()), v, c.slope * v);
      store_masked(m, y + j, adds ? load_masked(m, residual + j) + activated : activated);
    }
  }
}

static void forward_piece(const void* context, int64_t piece, void*) {
  const auto& call = *static_cast<const BatchNormForwardCall*>(context);
  const BatchNormTile tile = batch_norm_tile(call.layer, piece);
  BatchNormColumns columns = {};
  set_columns(call.layer, tile.column, tile.width, &columns);
  if (call.residual == nullptr) {
    forward_rows<false>(call, tile, columns);
  } else {
    forward_rows<true>(call, tile, columns);
  }
}

static bool batch_norm_forward_accepts(const void* arguments) { return static_cast<const BatchNormForwardCall*>(arguments)->layer.type == AG_F32; }

static void batch_norm_forward_run(const Exec& exec, const void* arguments) {
  const auto& call = *static_cast<const BatchNormForwardCall*>(arguments);
  exec.parallel(exec, batch_norm_pieces(call.layer), forward_piece, &call);
}

}  // namespace
