// dx = inverse (dy - x^ <dy, x^>) with x^ = x inverse; where the guard holds the length, dx = inverse dy (norm_functors.h).
//
//   dy, x, dx (rows, columns); dx may be dy   inverse (rows), f32
//
// normalize_backward_*_warp    One warp, one row, 16 bytes a lane where rows begin aligned; the second walk over the row comes from the cache.
//     bound   bytes: 12 an element in f32, 6 in bf16. Share of the card's bandwidth: not measured.
// normalize_backward_*_plain   One thread, one row.
#include "norm_functors.h"
#include "row_dot.cuh"

namespace angulus::cuda {
namespace {

template <class T, int W>
__global__ void __launch_bounds__(kWarpRows* kWarpSize) normalize_backward_warp(NormalizeBackwardCall call) {
  const int64_t row = warp_row();
  if (row >= call.shape.rows) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const int columns = call.shape.columns;
  const T* const dy = static_cast<const T*>(call.dy) + row * columns;
  const T* const x = static_cast<const T*>(call.x) + row * columns;
  T* const dx = static_cast<T*>(call.dx) + row * columns;
  const float inverse = call.inverse[row];
  const float dot = warp_dot<W>(dy, x, columns);
  const float along = length_is_clamped(inverse, call.guard) ? 0.0f : dot * inverse * inverse;
  for (int column = warp_lane() * W; column < columns; column += kWarpSize * W) {
    float gradient[W], values[W];
    load(dy + column, gradient);
    load(x + column, values);
#pragma unroll
    for (int i = 0; i < W; ++i) {
      values[i] = inverse * (gradient[i] - values[i] * along);
    }
    store(dx + column, values);
  }
}

template <class T>
__global__ void normalize_backward_plain(NormalizeBackwardCall call) {
  const int64_t row = static_cast<int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (row >= call.shape.rows) {
    return;
  }
  const int columns = call.shape.columns;
  const T* const dy = static_cast<const T*>(call.dy) + row * columns;
  const T* const x = static_cast<const T*>(call.x) + row * columns;
  T* const dx = static_cast<T*>(call.dx) + row * columns;
  const float inverse = call.inverse[row];
  const float along = length_is_clamped(inverse, call.guard) ? 0.0f : plain_dot(dy, x, columns) * inverse * inverse;
  for (int column = 0; column < columns; ++column) {
    store(dx + column, inverse * (to_float(dy[column]) - to_float(x[column]) * along));
  }
}

template <class T>
void run_warp(Exec& exec, const void* arguments) {
  const NormalizeBackwardCall call = *static_cast<const NormalizeBackwardCall*>(arguments);
  with_width<T>(call.shape.columns, [&](auto width) {
    constexpr int kWidth = decltype(width)::value;
    AG_LAUNCH(exec, (normalize_backward_warp<T, kWidth>), grid_of(ceil_div(call.shape.rows, kWarpRows)), kWarpRows * kWarpSize, 0, call);
  });
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const NormalizeBackwardCall call = *static_cast<const NormalizeBackwardCall*>(arguments);
  AG_LAUNCH(exec, normalize_backward_plain<T>, grid_of(ceil_div(call.shape.rows, kRowThreads)), kRowThreads, 0, call);
}

constexpr Kernel kKernels[] = {
    {"normalize_backward_f32_warp", kH200, shape_is<NormalizeBackwardCall, float>, nullptr, run_warp<float>},
    {"normalize_backward_bf16_warp", kH200, shape_is<NormalizeBackwardCall, Bf16>, nullptr, run_warp<Bf16>},
    {"normalize_backward_f32_plain", kH200, shape_is<NormalizeBackwardCall, float>, nullptr, run_plain<float>},
    {"normalize_backward_bf16_plain", kH200, shape_is<NormalizeBackwardCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList normalize_backward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
