// inverse[row] = 1 / |x[row]|, guarded against length 0 as `guard` says (norm_functors.h).
//
//   x (rows, columns)   inverse (rows)   all f32
//
// row_norm_f32_warp   One warp, one row: lane i takes columns i, i + 32, ..., a butterfly adds the lanes. Block: 8 rows.
//     bound   bytes: 4 for each element. Share of the card's bandwidth: not measured, no card yet.
#include "../device/reduce.cuh"
#include "norm_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kRows = 8;

__global__ void __launch_bounds__(kRows* kWarpSize) row_norm_f32_warp(RowNormCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= call.shape.rows) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const float* const x = static_cast<const float*>(call.x) + row * call.shape.columns;
  float squares = 0.0f;
  for (int column = lane; column < call.shape.columns; column += kWarpSize) {
    squares += x[column] * x[column];
  }
  squares = warp_sum(squares);
  if (lane == 0) {
    call.inverse[row] = inverse_length(squares, call.guard);
  }
}

bool accepts(const void* call) { return static_cast<const RowNormCall*>(call)->shape.type == AG_F32; }

void run(Exec& exec, const void* arguments) {
  const RowNormCall call = *static_cast<const RowNormCall*>(arguments);
  AG_LAUNCH(exec, row_norm_f32_warp, grid_of(ceil_div(call.shape.rows, kRows)), kRows * kWarpSize, 0, call);
}

constexpr Kernel kKernels[] = {{"row_norm_f32_warp", nullptr, accepts, nullptr, run}};

}  // namespace

const KernelList row_norm_kernels = {kKernels, 1};

}  // namespace angulus::cuda
