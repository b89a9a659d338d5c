// inverse[row] = 1 / |x[row]|, guarded against length 0 as `guard` says (norm_functors.h).
//
//   x (rows, columns)   inverse (rows), f32
//
// row_norm_*_warp    One warp, one row, 16 bytes a lane where rows begin aligned; a butterfly adds the lanes. Block: 8 rows.
//     bound   bytes: 4 an element in f32, 2 in bf16. Share of the card's bandwidth: not measured.
// row_norm_*_plain   One thread, one row.
#include "norm_functors.h"
#include "row_dot.cuh"

namespace angulus::cuda {
namespace {

template <class T, int W>
__global__ void __launch_bounds__(kWarpRows* kWarpSize) row_norm_warp(RowNormCall call) {
  const int64_t row = warp_row();
  if (row >= call.shape.rows) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const T* const x = static_cast<const T*>(call.x) + row * call.shape.columns;
  const float squares = warp_dot<W>(x, x, call.shape.columns);
  if (warp_lane() == 0) {
    call.inverse[row] = inverse_length(squares, call.guard);
  }
}

template <class T>
__global__ void row_norm_plain(RowNormCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row < call.shape.rows) {
    const T* const x = static_cast<const T*>(call.x) + row * call.shape.columns;
    call.inverse[row] = inverse_length(plain_dot(x, x, call.shape.columns), call.guard);
  }
}

template <class T>
void run_warp(Exec& exec, const void* arguments) {
  const RowNormCall call = *static_cast<const RowNormCall*>(arguments);
  with_width<T>(call.shape.columns, [&](auto width) {
    constexpr int kWidth = decltype(width)::value;
    AG_LAUNCH(exec, (row_norm_warp<T, kWidth>), grid_of(ceil_div(call.shape.rows, kWarpRows)), kWarpRows * kWarpSize, 0, call);
  });
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const RowNormCall call = *static_cast<const RowNormCall*>(arguments);
  AG_LAUNCH(exec, row_norm_plain<T>, grid_of(ceil_div(call.shape.rows, kRowThreads)), kRowThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"row_norm_f32_warp", kH200, shape_is<RowNormCall, float>, nullptr, run_warp<float>},
    {"row_norm_bf16_warp", kH200, shape_is<RowNormCall, Bf16>, nullptr, run_warp<Bf16>},
    {"row_norm_f32_plain", kH200, shape_is<RowNormCall, float>, nullptr, run_plain<float>},
    {"row_norm_bf16_plain", kH200, shape_is<RowNormCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList row_norm_kernels = {kKernels, 4};

}  // namespace angulus::cuda
