// What plain and SIMD kernels of batch norm share. ISA files include this: nothing of the C++ library.
#pragma once

#include "kernel.h"

namespace angulus::cpu {

// A (rows, columns) matrix cut into blocks of rows and chunks of columns (Tiling of parallel.h).
constexpr int64_t kChunkColumns = 512;
struct ColumnCut { int64_t block_rows, blocks, chunks; };
ColumnCut cut_columns(int64_t rows, int64_t columns);

// What the columns of one chunk need, computed once for a tile: x^ = (x - mean) inverse, v = x^ gamma + beta.
struct BatchNormColumns {
  float mean[kChunkColumns], inverse[kChunkColumns], gamma[kChunkColumns], beta[kChunkColumns];
  float slope[kChunkColumns];  // 1 without a PReLU
};
void set_columns(const BatchNormLayer& layer, int64_t column, int64_t width, BatchNormColumns* columns);

// sums, dbeta, dgamma and dslope from the blocks' sums of dv, dv x^ and dy min(v, 0): double (3, blocks, columns) in the workspace.
void finish_batch_norm_backward_reduce(const Exec& exec, const BatchNormBackwardReduceCall& call);

}  // namespace angulus::cpu
