// y = the largest number of each window, NaN where one is NaN; winner = its place in the window, row * window + column.
//
//   x (N,H,W,C)   y (N,P,Q,C)   winner (N,P,Q,C) u8, optional
//
// max_pool_forward_*_channels   One thread, 16 bytes of channels of one window: neighbours read neighbouring channels, and the places that windows
//     share come from the cache.
//     bound   bytes: x once, y and a byte a window. Share of the card's bandwidth: not measured.
// max_pool_forward_*_plain      One thread, one channel of one window.
#include "max_pool.cuh"

namespace angulus::cuda {
namespace {

template <class T, int W>
__global__ void max_pool_forward(MaxPoolForwardCall call) {
  const ag_max_pool_shape& s = call.shape;
  const PoolPlace own = PoolPlace::own(s, call.p, call.q, W);
  if (own.outside) {
    return;
  }
  const Stretch rows = places_of_window(own.row, s, s.h), columns = places_of_window(own.column, s, s.w);
  const T* const x = static_cast<const T*>(call.x);
  float best[W];
  uint8_t place[W] = {};
  load(x + pool_element(s, own.image, rows.first, columns.first, s.h, s.w, own.channel), best);
  for (int32_t i = rows.first; i < rows.last; ++i) {
    for (int32_t j = columns.first; j < columns.last; ++j) {
      float values[W];
      load(x + pool_element(s, own.image, i, j, s.h, s.w, own.channel), values);
#pragma unroll
      for (int k = 0; k < W; ++k) {
        if (values[k] > best[k] || values[k] != values[k]) {
          best[k] = values[k];
          place[k] = static_cast<uint8_t>((i - rows.first) * s.window + j - columns.first);
        }
      }
    }
  }
  const int64_t at = pool_element(s, own.image, own.row, own.column, call.p, call.q, own.channel);
  store(static_cast<T*>(call.y) + at, best);
  if (call.winner != nullptr) {
#pragma unroll
    for (int k = 0; k < W; ++k) {
      call.winner[at + k] = place[k];
    }
  }
}

template <class T>
void run_channels(Exec& exec, const void* arguments) {
  const MaxPoolForwardCall call = *static_cast<const MaxPoolForwardCall*>(arguments);
  AG_LAUNCH(exec, (max_pool_forward<T, kVector<T>>), pool_grid(call.shape, call.p, call.q, kVector<T>), kPieceThreads, 0, call);
}

template <class T>
void run_plain(Exec& exec, const void* arguments) {
  const MaxPoolForwardCall call = *static_cast<const MaxPoolForwardCall*>(arguments);
  AG_LAUNCH(exec, (max_pool_forward<T, 1>), pool_grid(call.shape, call.p, call.q, 1), kPieceThreads, 0, call);
}

template <class T>
bool whole_vectors(const void* call) {
  return shape_is<MaxPoolForwardCall, T>(call) && static_cast<const MaxPoolForwardCall*>(call)->shape.c % kVector<T> == 0;
}

constexpr Kernel kKernels[] = {
    {"max_pool_forward_f32_channels", kH200, whole_vectors<float>, nullptr, run_channels<float>},
    {"max_pool_forward_bf16_channels", kH200, whole_vectors<Bf16>, nullptr, run_channels<Bf16>},
    {"max_pool_forward_f32_plain", kH200, shape_is<MaxPoolForwardCall, float>, nullptr, run_plain<float>},
    {"max_pool_forward_bf16_plain", kH200, shape_is<MaxPoolForwardCall, Bf16>, nullptr, run_plain<Bf16>},
};
static_assert(proven_first(kKernels));

}  // namespace

const KernelList max_pool_forward_kernels = {kKernels, 4};

}  // namespace angulus::cuda
