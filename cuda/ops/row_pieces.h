// How a reduction over the rows of a matrix is cut: by its number of rows alone, so that the bits depend on the shape only. A block of
// 32 x 8 threads takes one piece of 32 columns; lane = column, so reads coalesce; thread row y takes rows y, y + 8, ... of the piece.
#pragma once

#include "../device/launch.cuh"

namespace angulus::cuda {

constexpr int kPieceColumns = 32;
constexpr int kPieceLines = 8;
constexpr int64_t kMostPieces = 128;  // with a few column groups that fills a large card; the merge stays short

struct RowPieces {
  int64_t count, length;  // length in rows
};

__host__ __device__ inline RowPieces row_pieces(int64_t rows) {
  const int64_t length = max(ceil_div(rows, kMostPieces), static_cast<int64_t>(64));
  return {ceil_div(rows, length), length};
}

inline int64_t row_pieces_blocks(int64_t rows, int64_t columns) { return row_pieces(rows).count * ceil_div(columns, kPieceColumns); }

// Three f32 numbers for each piece and column: (pieces, 3, columns).
inline int64_t row_pieces_workspace(int64_t rows, int64_t columns) {
  return row_pieces(rows).count * 3 * columns * static_cast<int64_t>(sizeof(float));
}

}  // namespace angulus::cuda
