// How the SIMD kernels of batch norm cut their work: a piece is a tile (columns.h), which they take row after row as they lie in memory.
#pragma once

#include "../columns.h"

namespace {

using namespace angulus;
using namespace angulus::cpu;

AG_INLINE int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }

struct BatchNormTile { int64_t block, row, row_end, column; int width; };

AG_INLINE BatchNormTile batch_norm_tile(const BatchNormLayer& layer, int64_t piece) {
  const ColumnCut cut = cut_columns(layer.rows, layer.columns);
  const int64_t block = piece / cut.chunks, row = block * cut.block_rows, column = piece % cut.chunks * kChunkColumns;
  return {block, row, at_most(row + cut.block_rows, layer.rows), column, int(at_most(kChunkColumns, layer.columns - column))};
}

// The constants of kLanes columns from j on. Lanes beyond the tile read what the arrays hold and are not stored.
struct ColumnVectors {
  Vector mean, inverse, gamma, beta, slope;
};
AG_INLINE ColumnVectors column_vectors(const BatchNormColumns& columns, int j) {
  return {load(columns.mean + j), load(columns.inverse + j), load(columns.gamma + j), load(columns.beta + j), load(columns.slope + j)};
}

AG_INLINE int64_t batch_norm_pieces(const BatchNormLayer& layer) {
  const ColumnCut cut = cut_columns(layer.rows, layer.columns);
  return cut.blocks * cut.chunks;
}

}  // namespace
