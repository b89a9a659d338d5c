// dx = the sum of dy over the windows that this place won.
//
//   dy (N,P,Q,C)   winner (N,P,Q,C) u8   dx (N,H,W,C)
//
// max_pool_backward_*_channels   One thread, 16 bytes of channels of one place: it looks up the windows that hold the place, so nothing is added by
//     two threads and the order of a sum is fixed.
//     bound   bytes: dy and a byte a window, dx once. Share of the card's bandwidth: not measured.
// max_pool_backward_*_plain      One thread, one channel of one place.
#include "max_pool.cuh"

namespace angulus::cuda {
namespace {

template <class T, int W>
__global__ void max_pool_backward(MaxPoolBackwardCall call) {
  const ag_max_pool_shape& s = call.shape;
  const PoolPlace own = PoolPlace::own(s, s.h, s.w, W);
  if (own.outside) {
    return;
  }
  const Stretch rows = windows_of_place(own.row, s, call.p), columns = windows_of_place(own.column, s, call.q);
  float sums[W] = {};
  for (int32_t p = rows.first; p < rows.last; ++p) {
    for (int32_t q = columns.first; q < columns.last; ++q) {
      const int64_t at = pool_element(s, own.image, p, q, call.p, call.q, own.channel);
      const int32_t here = (own.row - p * s.stride) * s.window + own.column - q * s.stride;
      float values[W];
      load(static_cast<const T*>(call.dy) + at, values);
#pragma unroll
      for (int k = 0; k < W; ++k) {
        sums[k] += call.winner[at + k] == here ? values[k] : 0.0f;
      }
    }
  }
  store(static_cast<T*>(call.dx) + pool_element(s, own.image, own.row, own.column, s.h, s.w, own.channel), sums);
}

template <class T>
void run_channels(Exec& exec, const void* arguments) {
  const MaxPoolBackwardCall call = *static_cast<const MaxPoolBackwardCall*>(arguments);
  AG_LAUNCH(exec, (max_pool_backward<T, kVector<T>>), pool_grid(call.shape, call.shape.h, call.shape.w, kVector<T>), kPieceThreads, 0, call);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const MaxPoolBackwardCall call = *static_cast<const MaxPoolBackwardCall*>(arguments);
  AG_LAUNCH(exec, (max_pool_backward<T, 1>), pool_grid(call.shape, call.shape.h, call.shape.w, 1), kPieceThreads, 0, call);
}

template <class T>
bool whole_vectors(const void* call) {
  return shape_is<MaxPoolBackwardCall, T>(call) && static_cast<const MaxPoolBackwardCall*>(call)->shape.c % kVector<T> == 0;
}

constexpr Kernel kKernels[] = {
    {"max_pool_backward_f32_channels", kH200, whole_vectors<float>, nullptr, run_channels<float>},
    {"max_pool_backward_bf16_channels", kH200, whole_vectors<Bf16>, nullptr, run_channels<Bf16>},
    {"max_pool_backward_f32_plain", kH200, shape_is<MaxPoolBackwardCall, float>, nullptr, run_plain<float>},
    {"max_pool_backward_bf16_plain", kH200, shape_is<MaxPoolBackwardCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList max_pool_backward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
