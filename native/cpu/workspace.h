// The workspaces of the ops that reduce: sizes and places, in one spot for the kernels and for ag_workspace_bytes.
#pragma once

#include "parallel.h"

namespace angulus::cpu {

// Column reductions: double[sums][blocks][columns], block order of Tiling.
inline int64_t column_partials_bytes(int64_t rows, int64_t columns, int64_t sums) {
  return sums * Tiling::of(rows, columns).blocks * columns * int64_t{sizeof(double)};
}

struct ColumnPartials {
  double* first;  // (sums, blocks, columns)
  int64_t blocks, columns;
  ColumnPartials(void* workspace, const Tiling& tiling) : first(static_cast<double*>(workspace)), blocks(tiling.blocks), columns(tiling.columns) {}
  double* at(int64_t sum, int64_t block) const { return first + (sum * blocks + block) * columns; }
  // Adds the blocks in their order.
  double total(int64_t sum, int64_t column) const {
    double result = 0;
    for (int64_t block = 0; block < blocks; ++block) result += at(sum, block)[column];
    return result;
  }
};

}  // namespace angulus::cpu
