// With x^ = (x - mean) / sqrt(variance + epsilon), v = gamma x^ + beta, dv = dy (v > 0 ? 1 : slope), or dv = dy without a slope:
//   sums[0,c] = dbeta[c] = sum over the rows of dv;  sums[1,c] = dgamma[c] = sum of dv x^;  dslope[c] = sum of dy min(v, 0)
// sums is overwritten; dgamma, dbeta and dslope are written or added to as `write` says.
//
//   x, dy (rows, columns)   statistics, sums (2, columns)   gamma, beta, slope, dgamma, dbeta, dslope (columns)   all f32
//   workspace (pieces, 3, columns)
//
// batch_norm_backward_reduce_f32_pieces_32x8   One pass over x and dy; 8 threads of a column add through shared memory, then one thread for
//     each column adds the pieces, both in a fixed order.
//     block   32 columns x 8 rows at a time of one piece of the rows
//     bound   bytes: 8 for each element. Share of the card's bandwidth: not measured, no card yet.
// batch_norm_backward_reduce_f32_plain         One thread, one column, one loop over the rows.
#include "../device/reduce.cuh"
#include "row_pieces.h"

namespace angulus::cuda {
namespace {

struct Sums {
  float dv, dv_x, slope;
};

__device__ inline Sums operator+(const Sums& a, const Sums& b) { return {a.dv + b.dv, a.dv_x + b.dv_x, a.slope + b.slope}; }

// The sums over rows first, first + step, ... of one column.
__device__ inline Sums sum_rows(const BatchNormBackwardReduceCall& call, int64_t column, int64_t first, int64_t end, int64_t step) {
  const BatchNormLayer& layer = call.layer;
  const int64_t columns = layer.columns;
  const float* const x = static_cast<const float*>(layer.x) + column;
  const float* const dy = static_cast<const float*>(call.dy) + column;
  const float mean = layer.statistics[column];
  const float inverse = 1.0f / sqrtf(layer.statistics[columns + column] + layer.epsilon);
  const float gamma = layer.gamma[column];
  const float beta = layer.beta[column];
  Sums sums = {0.0f, 0.0f, 0.0f};
  for (int64_t row = first; row < end; row += step) {
    const float normal = (x[row * columns] - mean) * inverse;
    const float v = gamma * normal + beta;
    const float gradient = dy[row * columns];
    float dv = gradient;
    if (layer.slope != nullptr && !(v > 0.0f)) {
      dv = gradient * layer.slope[column];
      sums.slope += gradient * v;
    }
    sums.dv += dv;
    sums.dv_x += dv * normal;
  }
  return sums;
}

__device__ inline void store(const BatchNormBackwardReduceCall& call, int64_t column, const Sums& sums) {
  const bool add = call.write == AG_ACCUMULATE;
  call.sums[column] = sums.dv;
  call.sums[call.layer.columns + column] = sums.dv_x;
  call.dbeta[column] = add ? call.dbeta[column] + sums.dv : sums.dv;
  call.dgamma[column] = add ? call.dgamma[column] + sums.dv_x : sums.dv_x;
  if (call.layer.slope != nullptr) {
    call.dslope[column] = add ? call.dslope[column] + sums.slope : sums.slope;
  }
}

__global__ void __launch_bounds__(kPieceColumns* kPieceLines) batch_norm_backward_reduce_f32_pieces_32x8(BatchNormBackwardReduceCall call) {
  AG_DYNAMIC_SHARED(Sums, lines);  // (kPieceLines, kPieceColumns)
  const int64_t columns = call.layer.columns;
  const RowPieces pieces = row_pieces(call.layer.rows);
  const int64_t groups = ceil_div(columns, kPieceColumns);
  const int64_t column = blockIdx.x % groups * kPieceColumns + threadIdx.x;
  const int64_t piece = blockIdx.x / groups;
  const int64_t end = min((piece + 1) * pieces.length, static_cast<int64_t>(call.layer.rows));
  Sums own = {0.0f, 0.0f, 0.0f};
  if (column < columns) {
    own = sum_rows(call, column, piece * pieces.length + threadIdx.y, end, kPieceLines);
  }
  lines[threadIdx.y * kPieceColumns + threadIdx.x] = own;
  __syncthreads();  // the first line reads all of its column
  if (threadIdx.y == 0 && column < columns) {
    for (int line = 1; line < kPieceLines; ++line) {
      own = own + lines[line * kPieceColumns + threadIdx.x];
    }
    float* const partial = static_cast<float*>(call.workspace) + piece * 3 * columns + column;
    partial[0] = own.dv;
    partial[columns] = own.dv_x;
    partial[2 * columns] = own.slope;
  }
}

__global__ void batch_norm_backward_reduce_merge(BatchNormBackwardReduceCall call) {
  const int64_t columns = call.layer.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  const int64_t pieces = row_pieces(call.layer.rows).count;
  Sums sums = {0.0f, 0.0f, 0.0f};
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const float* const partial = static_cast<const float*>(call.workspace) + piece * 3 * columns + column;
    sums = sums + Sums{partial[0], partial[columns], partial[2 * columns]};
  }
  store(call, column, sums);
}

__global__ void batch_norm_backward_reduce_f32_plain(BatchNormBackwardReduceCall call) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column < call.layer.columns) {
    store(call, column, sum_rows(call, column, 0, call.layer.rows, 1));
  }
}

bool accepts(const void* call) { return static_cast<const BatchNormBackwardReduceCall*>(call)->layer.type == AG_F32; }

void run_pieces(Exec& exec, const void* arguments) {
  const BatchNormBackwardReduceCall call = *static_cast<const BatchNormBackwardReduceCall*>(arguments);
  const int64_t blocks = row_pieces_blocks(call.layer.rows, call.layer.columns);
  constexpr int64_t kShared = kPieceColumns * kPieceLines * sizeof(Sums);
  AG_LAUNCH(exec, batch_norm_backward_reduce_f32_pieces_32x8, grid_of(blocks), dim3(kPieceColumns, kPieceLines), kShared, call);
  AG_LAUNCH(exec, batch_norm_backward_reduce_merge, grid_of(ceil_div(call.layer.columns, 128)), 128, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const BatchNormBackwardReduceCall call = *static_cast<const BatchNormBackwardReduceCall*>(arguments);
  AG_LAUNCH(exec, batch_norm_backward_reduce_f32_plain, grid_of(ceil_div(call.layer.columns, 128)), 128, 0, call);
}

constexpr Kernel kKernels[] = {
    {"batch_norm_backward_reduce_f32_pieces_32x8", nullptr, accepts, row_pieces_workspace, run_pieces},
    {"batch_norm_backward_reduce_f32_plain", nullptr, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_backward_reduce_kernels = {kKernels, 2};

}  // namespace angulus::cuda
