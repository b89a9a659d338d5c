// statistics[0,c] = mean over the rows of x[row,c]; statistics[1,c] = mean of (x[row,c] - statistics[0,c])^2.
//
//   x (rows, columns)   statistics (2, columns)   workspace (pieces, 3, columns): count, mean, M2   all f32
//
// batch_norm_statistics_f32_pieces_32x8   One pass over x. Each thread updates (count, mean, M2) with Welford's rule, so that a mean large
//     against the deviation costs no digits; 8 threads of a column merge through shared memory, then one thread for each column merges the
//     pieces, both in a fixed order.
//     block   32 columns x 8 rows at a time of one piece of the rows
//     bound   bytes: 4 for each element. Share of the card's bandwidth: not measured, no card yet.
// batch_norm_statistics_f32_plain         One thread, one column: the mean, then the deviations. Reads x twice.
#include "../device/reduce.cuh"
#include "row_pieces.h"

namespace angulus::cuda {
namespace {

__global__ void __launch_bounds__(kPieceColumns* kPieceLines) batch_norm_statistics_f32_pieces_32x8(BatchNormStatisticsCall call) {
  AG_DYNAMIC_SHARED(Moments, lines);  // (kPieceLines, kPieceColumns)
  const float* const x = static_cast<const float*>(call.x);
  const int64_t columns = call.shape.columns;
  const RowPieces pieces = row_pieces(call.shape.rows);
  const int64_t groups = ceil_div(columns, kPieceColumns);
  const int64_t column = blockIdx.x % groups * kPieceColumns + threadIdx.x;
  const int64_t piece = blockIdx.x / groups;
  const int64_t end = min((piece + 1) * pieces.length, static_cast<int64_t>(call.shape.rows));
  Moments own = {0.0f, 0.0f, 0.0f};
  if (column < columns) {
    for (int64_t row = piece * pieces.length + threadIdx.y; row < end; row += kPieceLines) {
      add_value(own, x[row * columns + column]);
    }
  }
  lines[threadIdx.y * kPieceColumns + threadIdx.x] = own;
  __syncthreads();  // the first line reads all of its column
  if (threadIdx.y == 0 && column < columns) {
    for (int line = 1; line < kPieceLines; ++line) {
      own = merge(own, lines[line * kPieceColumns + threadIdx.x]);
    }
    float* const partial = static_cast<float*>(call.workspace) + piece * 3 * columns + column;
    partial[0] = own.count;
    partial[columns] = own.mean;
    partial[2 * columns] = own.m2;
  }
}

__global__ void batch_norm_statistics_merge(BatchNormStatisticsCall call) {
  const int64_t columns = call.shape.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  const int64_t pieces = row_pieces(call.shape.rows).count;
  Moments all = {0.0f, 0.0f, 0.0f};
  for (int64_t piece = 0; piece < pieces; ++piece) {
    const float* const partial = static_cast<const float*>(call.workspace) + piece * 3 * columns + column;
    all = merge(all, {partial[0], partial[columns], partial[2 * columns]});
  }
  call.statistics[column] = all.mean;
  call.statistics[columns + column] = all.m2 / all.count;
}

__global__ void batch_norm_statistics_f32_plain(BatchNormStatisticsCall call) {
  const int64_t columns = call.shape.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) {
    return;
  }
  const float* const x = static_cast<const float*>(call.x) + column;
  const float rows = static_cast<float>(call.shape.rows);
  float sum = 0.0f;
  for (int64_t row = 0; row < call.shape.rows; ++row) {
    sum += x[row * columns];
  }
  const float mean = sum / rows;
  float squares = 0.0f;
  for (int64_t row = 0; row < call.shape.rows; ++row) {
    const float deviation = x[row * columns] - mean;
    squares += deviation * deviation;
  }
  call.statistics[column] = mean;
  call.statistics[columns + column] = squares / rows;
}

bool accepts(const void* call) { return static_cast<const BatchNormStatisticsCall*>(call)->shape.type == AG_F32; }

void run_pieces(Exec& exec, const void* arguments) {
  const BatchNormStatisticsCall call = *static_cast<const BatchNormStatisticsCall*>(arguments);
  const int64_t blocks = row_pieces_blocks(call.shape.rows, call.shape.columns);
  constexpr int64_t kShared = kPieceColumns * kPieceLines * sizeof(Moments);
  AG_LAUNCH(exec, batch_norm_statistics_f32_pieces_32x8, grid_of(blocks), dim3(kPieceColumns, kPieceLines), kShared, call);
  AG_LAUNCH(exec, batch_norm_statistics_merge, grid_of(ceil_div(call.shape.columns, 128)), 128, 0, call);
}

void run_plain(Exec& exec, const void* arguments) {
  const BatchNormStatisticsCall call = *static_cast<const BatchNormStatisticsCall*>(arguments);
  AG_LAUNCH(exec, batch_norm_statistics_f32_plain, grid_of(ceil_div(call.shape.columns, 128)), 128, 0, call);
}

constexpr Kernel kKernels[] = {
    {"batch_norm_statistics_f32_pieces_32x8", nullptr, accepts, row_pieces_workspace, run_pieces},
    {"batch_norm_statistics_f32_plain", nullptr, accepts, nullptr, run_plain},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList batch_norm_statistics_kernels = {kKernels, 2};

}  // namespace angulus::cuda
