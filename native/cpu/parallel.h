// How the plain kernels cut their work: by shape alone.
#pragma once

#include <algorithm>

#include "columns.h"

namespace angulus::cpu {

// f(piece, scratch) for piece 0 .. pieces - 1.
template <class F>
void for_pieces(const Exec& exec, int64_t pieces, const F& f) {
  exec.parallel(exec, pieces, [](const void* context, int64_t piece, void* scratch) { (*static_cast<const F*>(context))(piece, scratch); }, &f);
}

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// f(first, last) over [0, count), in pieces of kElements.
constexpr int64_t kElements = int64_t{1} << 15;
template <class F>
void for_elements(const Exec& exec, int64_t count, const F& f) {
  for_pieces(exec, ceil_div(count, kElements), [&](int64_t piece, void*) {
    const int64_t first = piece * kElements;
    f(first, std::min(first + kElements, count));
  });
}

// A (rows, columns) matrix cut into blocks of rows and chunks of columns. Reductions over rows take one partial result for each block and add
// them in block order.
struct Tiling {
  static constexpr int64_t kChunk = kChunkColumns;
  static constexpr int64_t kMostBlocks = 256;
  int64_t rows, columns, block_rows, blocks, chunks;

  static Tiling of(int64_t rows, int64_t columns) {
    const int64_t width = std::min(columns, kChunk);
    const int64_t block_rows = std::max({int64_t{32}, ceil_div(kElements, width), ceil_div(rows, kMostBlocks)});
    return Tiling{rows, columns, block_rows, ceil_div(rows, block_rows), ceil_div(columns, kChunk)};
  }
};

// A tile: rows [row, row_end), columns [column, column_end).
struct Tile {
  int64_t block, row, row_end, column, column_end;
  int64_t width() const { return column_end - column; }
};

// f(tile) for every tile.
template <class F>
void for_tiles(const Exec& exec, const Tiling& tiling, const F& f) {
  for_pieces(exec, tiling.blocks * tiling.chunks, [&](int64_t piece, void*) {
    const int64_t block = piece / tiling.chunks;
    const int64_t row = block * tiling.block_rows;
    const int64_t column = piece % tiling.chunks * Tiling::kChunk;
    f(Tile{block, row, std::min(row + tiling.block_rows, tiling.rows), column, std::min(column + Tiling::kChunk, tiling.columns)});
  });
}

// f(column, column_end) for every chunk of columns: where partial results are added.
template <class F>
void for_chunks(const Exec& exec, const Tiling& tiling, const F& f) {
  for_pieces(exec, tiling.chunks, [&](int64_t chunk, void*) {
    const int64_t column = chunk * Tiling::kChunk;
    f(column, std::min(column + Tiling::kChunk, tiling.columns));
  });
}

// Rows that are summed in f32 before the sum moves on to double.
constexpr int64_t kRun = 32;

template <class Call>
bool is_f32(const void* call) { return static_cast<const Call*>(call)->shape.type == AG_F32; }
template <class Call>
bool layer_is_f32(const void* call) { return static_cast<const Call*>(call)->layer.type == AG_F32; }
template <class Call>
bool head_is_f32(const void* call) { return static_cast<const Call*>(call)->head.type == AG_F32; }
inline bool always(const void*) { return true; }

template <class Call>
const Call& as(const void* call) { return *static_cast<const Call*>(call); }

}  // namespace angulus::cpu
