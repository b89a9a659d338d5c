// inverse[row] = 1 / |x[row]|, guarded against length 0 as `guard` says (norm_functors.h); y = x inverse.
//
//   x, y (rows, columns); y may be x   inverse (rows), f32
//
// normalize_forward_*_warp    One warp, one row, 16 bytes a lane where rows begin aligned; the second walk over the row comes from the cache.
//     bound   bytes: 8 an element in f32, 4 in bf16. Share of the card's bandwidth: not measured.
// normalize_forward_*_plain   One thread, one row.
#include "norm_functors.h"
#include "row_dot.cuh"

namespace angulus::cuda {
namespace {

template <class T, int W>
__global__ void __launch_bounds__(kWarpRows* kWarpSize) normalize_forward_warp(NormalizeForwardCall call) {
  const int64_t row = warp_row();
  if (row >= call.shape.rows) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const int columns = call.shape.columns;
  const T* const x = static_cast<const T*>(call.x) + row * columns;
  T* const y = static_cast<T*>(call.y) + row * columns;
  const float inverse = inverse_length(warp_dot<W>(x, x, columns), call.guard);
  if (warp_lane() == 0) {
    call.inverse[row] = inverse;
  }
  for (int column = warp_lane() * W; column < columns; column += kWarpSize * W) {
    float values[W];
    load(x + column, values);
#pragma unroll
    for (int i = 0; i < W; ++i) {
      values[i] *= inverse;
    }
    store(y + column, values);
  }
}

template <class T>
__global__ void normalize_forward_plain(NormalizeForwardCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= call.shape.rows) {
    return;
  }
  const int columns = call.shape.columns;
  const T* const x = static_cast<const T*>(call.x) + row * columns;
  T* const y = static_cast<T*>(call.y) + row * columns;
  const float inverse = inverse_length(plain_dot(x, x, columns), call.guard);
  call.inverse[row] = inverse;
  for (int column = 0; column < columns; ++column) {
    store(y + column, to_float(x[column]) * inverse);
  }
}

template <class T>
void run_warp(Exec& exec, const void* arguments) {
  const NormalizeForwardCall call = *static_cast<const NormalizeForwardCall*>(arguments);
  with_width<T>(call.shape.columns, [&](auto width) {
    constexpr int kWidth = decltype(width)::value;
    AG_LAUNCH(exec, (normalize_forward_warp<T, kWidth>), grid_of(ceil_div(call.shape.rows, kWarpRows)), kWarpRows * kWarpSize, 0, call);
  });
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const NormalizeForwardCall call = *static_cast<const NormalizeForwardCall*>(arguments);
  AG_LAUNCH(exec, normalize_forward_plain<T>, grid_of(ceil_div(call.shape.rows, kRowThreads)), kRowThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"normalize_forward_f32_warp", kH200, shape_is<NormalizeForwardCall, float>, nullptr, run_warp<float>},
    {"normalize_forward_bf16_warp", kH200, shape_is<NormalizeForwardCall, Bf16>, nullptr, run_warp<Bf16>},
    {"normalize_forward_f32_plain", kH200, shape_is<NormalizeForwardCall, float>, nullptr, run_plain<float>},
    {"normalize_forward_bf16_plain", kH200, shape_is<NormalizeForwardCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList normalize_forward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
