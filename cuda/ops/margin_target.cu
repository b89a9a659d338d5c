// For row i with label y: c = head(<w_y, x_i>), target rows: c, phi(c, m), phi'(c, m), S, m (margin_functors.h). A label outside
// [0, classes) is a fault of the device, and c, phi and phi' of its row are 0.
//
//   x (N,D)   w (classes,D)   bias, inverse_w (classes)   inverse_x (N)   target (AG_TARGET_ROWS, N)   f32;   labels (N) int32
//
// margin_target_f32_warp   One warp, one row: lane i takes elements i, i + 32, ... of the dot product, a butterfly adds them. Block: 8 rows.
//     bound   bytes: 8 D for each row. Share of the card's bandwidth: not measured, no card yet.
#include "labels.cuh"
#include "margin_functors.h"

namespace angulus::cuda {
namespace {

constexpr int kRows = 8;

template <class H>
__global__ void __launch_bounds__(kRows* kWarpSize) margin_target_f32_warp(MarginTargetCall call) {
  const Head& head = call.head;
  const int64_t row = static_cast<int64_t>(blockIdx.x) * kRows + threadIdx.x / kWarpSize;
  const int lane = static_cast<int>(threadIdx.x) % kWarpSize;
  if (row >= head.n) {
    return;  // a whole warp: the rest of the block does not wait for it
  }
  const int32_t label = head.labels[row];
  const bool good = label_is_good(head, row);
  float dot = 0.0f;
  if (good) {
    const float* const x = head.x + row * head.d;
    const float* const w = head.w + static_cast<int64_t>(label) * head.d;
    for (int i = lane; i < head.d; i += kWarpSize) {
      dot += x[i] * w[i];
    }
  }
  dot = warp_sum(dot);
  if (lane != 0) {
    return;
  }
  const int64_t n = head.n;
  const float inverse_x = H::normalised ? head.inverse_x[row] : 1.0f;
  const float m = H::margin(*head.scalars);
  float c = 0.0f;
  if (good) {
    c = H::cosine(dot, inverse_x, H::normalised ? head.inverse_w[label] : 1.0f, H::normalised ? 0.0f : head.bias[label]);
  }
  call.target[AG_TARGET_COSINE * n + row] = c;
  call.target[AG_TARGET_PHI * n + row] = good ? H::phi(c, m) : 0.0f;
  call.target[AG_TARGET_DPHI * n + row] = good ? H::dphi(c, m) : 0.0f;
  call.target[AG_TARGET_SCALE * n + row] = H::scale(inverse_x, *head.scalars);
  call.target[AG_TARGET_MARGIN * n + row] = m;
}

bool accepts(const void*) { return true; }

void run(Exec& exec, const void* arguments) {
  const MarginTargetCall call = *static_cast<const MarginTargetCall*>(arguments);
  launch_check_labels(exec, call.head, AG_OP_MARGIN_TARGET);
  with_head(call.head.kind, [&](auto kind) {
    using H = decltype(kind);
    AG_LAUNCH(exec, margin_target_f32_warp<H>, grid_of(ceil_div(call.head.n, kRows)), kRows * kWarpSize, 0, call);
  });
}

constexpr Kernel kKernels[] = {{"margin_target_f32_warp", nullptr, accepts, nullptr, run}};

}  // namespace

const KernelList margin_target_kernels = {kKernels, 1};

}  // namespace angulus::cuda
